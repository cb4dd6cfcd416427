"""Every key that the operator has at hand: with none of them he approves his own change."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.inventory import Host, Role
from engine.prove.own_keys import own_keys
from tests.engine.kit import event
from tests.evidence.sealed import new_key


def fingerprint(key: Path) -> str:
    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(key)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()[1]


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def agent_with(socket: Path, *keys: Path) -> int:
    """The process of an agent that has these keys, of which the private halves are gone."""
    words = ["ssh-agent", "-a", str(socket), "-s"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    number = re.search(r"SSH_AGENT_PID=(\d+)", said)
    assert number is not None
    for key in keys:
        subprocess.run(
            ["ssh-add", "-q", str(key)],
            check=True,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SSH_AUTH_SOCK": str(socket)},
        )
        key.unlink()
    return int(number[1])


@pytest.fixture
def agents() -> Iterator[list[int]]:
    started: list[int] = []
    yield started
    for number in started:
        os.kill(number, 15)


def host(place: Path, *lines: str, key: Path | None = None) -> Host:
    """A node, and how its configuration of OpenSSH names keys."""
    config = place / "config"
    config.write_text("".join(f"{line}\n" for line in ("Host *", *lines)))
    ssh = ("-F", str(config))
    return Host("n1", Role.OPERATIVE, "192.0.2.1", key_file=key, ssh_args=ssh)


def test_every_key_of_the_agent_counts_not_the_first_alone(
    tmp_path: Path, agents: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [new_key(tmp_path, name) for name in ("first", "second")]
    socket = tmp_path / "agent"
    agents.append(agent_with(socket, *keys))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    found = own_keys([], None, [])
    assert found == [fingerprint(key.with_suffix(".pub")) for key in keys]


def test_an_agent_that_only_the_configuration_names_counts(
    tmp_path: Path, agents: list[int]
) -> None:
    key, socket = new_key(tmp_path), tmp_path / "agent"
    agents.append(agent_with(socket, key))
    node = host(tmp_path, f"IdentityAgent {socket}", "IdentityFile none")
    assert own_keys([node], None, []) == [fingerprint(key.with_suffix(".pub"))]


def test_files_of_the_configuration_of_each_node_and_of_the_inventory_count(
    tmp_path: Path,
) -> None:
    key, other, named, chosen = (new_key(tmp_path, name) for name in ("a", "b", "c", "d"))
    locked = new_key(tmp_path, "locked")
    words = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", str(locked)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    public = new_key(tmp_path, "public")
    public.unlink()
    (tmp_path / "second").mkdir()
    first = host(tmp_path, f"IdentityFile {key}", f"IdentityFile {locked}", key=named)
    second = host(tmp_path / "second", f"IdentityFile {other}", f"IdentityFile {public}")
    found = own_keys([first, second], chosen, [])
    wanted = {key, other, named, chosen, locked, public.with_suffix(".pub")}
    assert set(found) == {fingerprint(one) for one in wanted}
    assert len(found) == len(wanted)


def test_what_the_nodes_accepted_counts_wherever_it_lies(tmp_path: Path) -> None:
    events = [
        event("login", 1, node="n1", key="SHA256:seen"),
        event("login", 2, node="n2", key=""),
        event("signer", 3, key="SHA256:no-login"),
    ]
    node = host(tmp_path, "IdentityFile none")
    assert own_keys([node], None, events) == ["SHA256:seen"]
