"""Which key signs, and that nobody is ever asked for anything."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.inventory import Host, Role
from engine.prove import signature
from engine.prove.signature import CantSign, find_signer
from tests.evidence.sealed import new_key


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No agent, and no key of whoever runs the tests."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(signature, "_identity_files", lambda host: iter(()))
    place = tmp_path / "place"
    place.mkdir()
    return place


def host(key: Path | None) -> Host:
    return Host("neteye01.neteyelocal", Role.OPERATIVE, "192.0.2.1", key_file=key)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An agent with one key, whose private half is nowhere else any more."""
    socket = tmp_path / "agent"
    started = subprocess.run(
        ["ssh-agent", "-a", str(socket), "-s"], capture_output=True, text=True, check=True
    )
    found = re.search(r"SSH_AGENT_PID=(\d+)", started.stdout)
    assert found is not None
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    key = new_key(tmp_path, "of-agent")
    subprocess.run(["ssh-add", "-q", str(key)], check=True, stderr=subprocess.DEVNULL)
    key.unlink()
    yield key.with_suffix(".pub")
    os.kill(int(found[1]), 15)


def fingerprint(key: Path) -> str:
    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(key)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()[1]


def test_the_agents_key_comes_first(agent: Path, home: Path, tmp_path: Path) -> None:
    signer = find_signer(host(new_key(tmp_path)), home)
    assert signer.fingerprint == fingerprint(agent)
    assert signer.sign(b"text").startswith(b"-----BEGIN SSH SIGNATURE-----")


def test_the_key_of_the_inventory_is_taken_without_an_agent(home: Path, tmp_path: Path) -> None:
    key = new_key(tmp_path)
    assert find_signer(host(key), home).fingerprint == fingerprint(key)


def test_the_key_that_was_chosen_is_the_only_one(agent: Path, home: Path, tmp_path: Path) -> None:
    with pytest.raises(CantSign, match="nowhere"):
        find_signer(host(new_key(tmp_path)), home, tmp_path / "nowhere")


def test_nobody_is_asked_for_a_passphrase(home: Path, tmp_path: Path) -> None:
    key = new_key(tmp_path)
    words = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", str(key)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with pytest.raises(CantSign, match=r"id_ed25519: .*passphrase"):
        find_signer(host(key), home)


def test_without_any_key_it_says_so(home: Path) -> None:
    with pytest.raises(CantSign, match="there is no ssh key"):
        find_signer(host(None), home)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'unknown option -- Y' >&2; exit 1", "older than OpenSSH 8.1"),
        ("exit 3", "exit code 3"),
        ("echo no such thing; exit 0", "exit code 0"),
    ],
)
def test_an_ssh_keygen_that_can_not_sign_is_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    key = new_key(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh-keygen").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(CantSign, match=said):
        find_signer(host(key), home)
