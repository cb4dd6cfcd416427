"""Run directories that are sealed and signed, and ways to tamper with them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from engine.prove.anew import Anew
from engine.prove.reseal import look, put
from engine.prove.seal import Sealed, Signing, seal
from engine.prove.verifier import verifier
from engine.record.journal import utc_now
from engine.record.run import Run
from engine.verify import COPY, HOW, main
from tests.engine import kit

VERIFY = Path(__file__).resolve().parents[2] / "engine" / "verify.py"
PRINCIPAL = "operator@example.test"
EARLIER = "earlier/20261101T000000Z-neteye.example.test-aaaa.jsonl"


def new_key(directory: Path, name: str = "id_ed25519") -> Path:
    """A key pair without a passphrase."""
    path = directory / name
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


@dataclass
class Signed:
    """A run's directory, its head, and who may sign."""

    directory: Path
    head: str
    allowed: Path
    sealed: Sealed

    @property
    def journal(self) -> Path:
        return self.directory / "journal.jsonl"

    @property
    def lines(self) -> list[bytes]:
        return self.journal.read_bytes().splitlines(keepends=True)

    def put(self, lines: Sequence[bytes]) -> None:
        self.journal.write_bytes(b"".join(lines))

    def copy(self, place: Path) -> Signed:
        shutil.copytree(self.directory, place)
        return Signed(place, self.head, self.allowed, self.sealed)

    def verify(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`verify.py` in this process: exit code, and what it prints."""
        words = [str(self.directory), *arguments]
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = main(words)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def started(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`verify.py`, as somebody without the project runs it: it is compiled each time."""
        return subprocess.run(
            [sys.executable, "-I", str(VERIFY), str(self.directory), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            timeout=60,
            check=False,
        )

    def by_head(self) -> subprocess.CompletedProcess[str]:
        return self.verify("--head", self.head)

    def by_signers(self) -> subprocess.CompletedProcess[str]:
        return self.verify("--allowed-signers", str(self.allowed))


def made(
    place: Path,
    key: Path | None = None,
    events: int = 12,
    begin: Callable[[Run], None] | None = None,
    **begun: str,
) -> Signed:
    """A run's directory with files of every kind, sealed, and signed if there is a key.

    `begin` has the first events recorded, in the place of a journal of an earlier run; `begun` are
    fields of the very first one.
    """
    place.mkdir(parents=True, exist_ok=True)
    run = kit.make_run(place, signing_key=key or place / "no-such-key")
    (run.directory / EARLIER).parent.mkdir()
    if begun:
        run.record("run-started", **begun)
    if begin is not None:
        begin(run)
    for number in range(events):
        run.record("note", step="phase.step", text=f"note {number} of an ümlaut", number=number)
    run.record("run-ended", outcome="done", exit_code=0)
    directory = run.directory
    for name, text in (
        ("summary.json", json.dumps({"schema": 1})),
        ("report.html", "<html>report</html>\n"),
        ("outputs/0001-a.txt", "an output\n"),
        ("backups/ocsweb.memories.sql.gz", "\0\1\2"),
    ):
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    if begin is None:
        lines = run.journal.path.read_bytes().splitlines(keepends=True)[:5]
        # a line that was handed to N twice, and one that was cut off there
        (directory / EARLIER).write_bytes(b"".join([*lines, lines[-1], lines[0][:20]]))
    sealed = seal(run)
    allowed = place / "allowed-signers"
    if key is not None:
        allowed.write_text(f"{PRINCIPAL} {key.with_suffix('.pub').read_text()}")
    return Signed(directory, sealed.head, allowed, sealed)


REPORT = {"report.html": b"made anew\n"}


def made_anew(directory: Path, key: Path | None = None, made: Mapping[str, bytes] = REPORT) -> Anew:
    """Reports are made after the run, and signed if there is a key."""
    before = look(directory, (*made, HOW, COPY))
    with Signing(None, key or directory / "no-such-key") as found:
        anew = Anew(before, utc_now(), "b" * 64, "a" * 64, found.key, found.why)
        put(anew, {**made, **verifier(before.run, found.key, found.why, anew)}, found.signer)
    return anew


Tamper = Callable[[Signed], None]


def altered(path: str, at: int) -> Tamper:
    """One bit of a byte is another one; `at` below 0 counts from the end."""

    def tamper(run: Signed) -> None:
        file = run.directory / path
        raw = bytearray(file.read_bytes())
        raw[at] ^= 1
        file.write_bytes(bytes(raw))

    return tamper
