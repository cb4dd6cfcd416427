"""The same questions as a plan's, asked by others: one batched ssh command a node, and pyinfra.

Statements to the database, which a plan asks too, are left out: the peers have less to do.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT
from engine.model.groups import grouped

_ENDED = "question-ended"
REQUIREMENTS = ROOT / "bench/requirements-peers.txt"
_ONE_BY_ONE = ROOT / "bench/pyinfra_asks.py"


@dataclass(frozen=True)
class Host:
    """A node, and how OpenSSH reaches it."""

    name: str
    address: str
    config: str


def questions_in(recorded: Path) -> dict[str, list[str]]:
    """Node -> its questions as lines of a shell, in the order in which a plan sent them."""
    with recorded.open(encoding="utf-8") as lines:
        commands = [json.loads(line) for line in lines]
    return grouped((str(node), shlex.join(argv)) for node, *argv in commands)


def seconds_batched(hosts: Sequence[Host], questions: Mapping[str, Sequence[str]]) -> float:
    """All questions of a node in one ssh command, all nodes side by side."""
    begun = time.monotonic()
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(lambda host: _ask_all(host, questions[host.name]), hosts))
    return time.monotonic() - begun


def _ask_all(host: Host, questions: Sequence[str]) -> None:
    script = "".join(
        f"( {question}\n) < /dev/null\nprintf '\\n{_ENDED} %s\\n' $?\n" for question in questions
    )
    command = ["ssh", "-F", host.config, "-o", "ControlPath=none", f"root@{host.address}", "sh"]
    done = subprocess.run(command, input=script.encode(), capture_output=True, check=False)
    answered = sum(line.startswith(_ENDED.encode()) for line in done.stdout.splitlines())
    if answered < len(questions):
        sys.exit(f"{host.name} answered {answered} of {len(questions)}: {done.stderr!r}")


def pyinfra_in(folder: Path) -> Path:
    """Its Python, installed into the folder as the requirements say, or there of the same ones."""
    python, mark = folder / "bin/python", folder / "installed"
    wanted = REQUIREMENTS.read_text("utf-8")
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([python, *install, "--requirement", REQUIREMENTS], check=True)
        mark.write_text(wanted, encoding="utf-8")
    return python


def seconds_by_pyinfra(
    python: Path, hosts: Sequence[Host], questions: Mapping[str, Sequence[str]]
) -> float:
    """One question after the other, all nodes side by side; without its own start."""
    asked = {
        host.name: {"address": host.address, "config": host.config, "ask": questions[host.name]}
        for host in hosts
    }
    done = subprocess.run(
        [python, _ONE_BY_ONE],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"pyinfra ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return float(done.stdout.split()[-1])
