"""Who signed, by a file of allowed signers: what OpenSSH 8.4, 9.2 and 10.0 said, and this one's.

`tests/data/openssh/` has their answers to each line: recorded with Debian 11, 12 and 13.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.prove.approvals import read_approvals
from engine.prove.signature import CantVerify, is_signed_with, signed_by
from engine.prove.statement import read_statement
from engine.verify import NAMESPACE, NOT_VALID, VALID, Wrong, key_of, signer_of, verify
from tests.evidence.sealed import PRINCIPAL, Signed, made, new_key

RECORDED = Path(__file__).parents[1] / "data" / "openssh"
VERSIONS = ("8.4", "9.2", "10.0")
TEXT = b"manifest\n"


class Recorded:
    """An ssh-keygen that says what that of a release said."""

    def __init__(self, version: str) -> None:
        told = json.loads((RECORDED / f"ssh-keygen-{version}.json").read_text())
        self.lines: dict[str, str] = told["lines"]
        self.signature: str = told["signature"]
        self._said = {
            (*_asked(one["asked"]), one["line"], one["text"]): one for one in told["said"]
        }

    def __call__(self, words: Sequence[str], *, input: bytes, **_: Any) -> Any:
        line = ""
        if "-f" in words:
            line = Path(words[words.index("-f") + 1]).read_text().rstrip("\n")
        said = self._said[(*_asked(words[2:]), line, input.decode())]
        out, errors = said["out"].encode(), said["errors"].encode()
        return subprocess.CompletedProcess(words, said["code"], out, errors)


def _asked(words: Sequence[str]) -> tuple[str, str, str]:
    """Operation, namespace, identity."""
    options = dict(zip(words[1::2], words[2::2], strict=True))
    return words[0], options.get("-n", ""), options.get("-I", "")


@pytest.fixture(params=VERSIONS)
def keygen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    recorded = Recorded(request.param)
    monkeypatch.setattr("engine.verify.subprocess.run", recorded)
    return recorded


def signer(keygen: Recorded, place: Path, *lines: str, text: bytes = TEXT) -> str:
    signature, allowed = place / "text.sig", place / "allowed"
    signature.write_text(keygen.signature)
    allowed.write_text("".join(f"{keygen.lines.get(line, line)}\n" for line in lines))
    return signer_of(signature, allowed, NAMESPACE, text)[0]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["plain"], "anna@x"),
        # not the first line with the key, but the first that allows it
        (["another key", "plain"], "anna@x"),
        (["another use", "this use"], "anna@x"),
        (["over", "plain"], "anna@x"),
        (["not yet", "plain"], "anna@x"),
        (["an unknown option", "plain"], "anna@x"),
        (["no names", "plain"], "anna@x"),
        (["only !", "plain"], "anna@x"),
        (["# a comment", "", "plain"], "anna@x"),
        (["nonsense", "plain"], "anna@x"),
        (["two names"], "anna@x"),
        (["with a blank"], "anna rossi@x"),
        (["a pattern"], "*@x"),
        # a name that is excluded is nobody's, though ssh-keygen would take it
        (["a pattern with !"], "*@x"),
    ],
)
def test_the_line_that_allows_it_names_the_signer(
    keygen: Recorded, tmp_path: Path, lines: list[str], name: str
) -> None:
    assert signer(keygen, tmp_path, *lines) == name


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["another key"], "none of its lines has that key"),
        ([], "none of its lines has that key"),
        (["another use"], "line 1: key is not permitted for use in signature namespace"),
        (["another key", "over"], r"line 2: (key has expired|bad options: unknown key option)"),
        (["not yet"], r"line 1: (key is not yet valid|bad options: unknown key option)"),
        (["an unknown option"], "line 1: bad options: unknown key option"),
        (["only !"], "line 1: "),
        (["over", "another use"], "line 1: .*; line 2: key is not permitted"),
    ],
)
def test_a_good_signature_of_somebody_else_is_not_called_altered(
    keygen: Recorded, tmp_path: Path, lines: list[str], why: str
) -> None:
    with pytest.raises(Wrong, match=f"the signature is good, but allowed does not allow .*{why}"):
        signer(keygen, tmp_path, *lines)


def test_an_altered_text_is(keygen: Recorded, tmp_path: Path) -> None:
    with pytest.raises(Wrong, match=r"altered.*Signature verification failed: incorrect signature"):
        signer(keygen, tmp_path, "plain", text=b"another\n")
    with pytest.raises(Wrong, match="namespace does not match"):
        key_of(tmp_path / "text.sig", "git", TEXT)


# with the ssh-keygen of this machine


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    place = tmp_path_factory.mktemp("run")
    return made(place / "run", new_key(place))


@pytest.mark.parametrize(
    "before",
    [
        "# comment",
        "not a line of allowed signers",
        '{name} namespaces="git" {key}',
        '{name} valid-before="20200101" {key}',
        "!{name} {key}",
    ],
)
def test_verify_finds_the_line_that_counts(original: Signed, before: str) -> None:
    key = " ".join(original.allowed.read_text().split()[1:3])
    allowed = original.allowed.with_name("several")
    line = before.format(name="else@example.test", key=key)
    allowed.write_text(f"{line}\n{original.allowed.read_text()}")
    verdict = verify(original.directory, allowed=allowed)
    assert verdict.code == VALID, verdict.lines
    assert any(f"signed by {PRINCIPAL} (ED25519 key SHA256:" in text for text in verdict.lines)


def test_a_file_of_signers_without_an_end_is_not_tried_to_its_end(
    original: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of the key takes some calls of ssh-keygen."""
    monkeypatch.setattr("engine.verify.MOST_KEYS", 3)
    key = " ".join(original.allowed.read_text().split()[1:3])
    allowed = original.allowed.with_name("many")
    line = f'else@example.test namespaces="git" {key}\n'
    allowed.write_text(line * 3 + original.allowed.read_text())
    verdict = verify(original.directory, allowed=allowed)
    assert verdict.code == NOT_VALID
    assert "more than 3 lines of many have the key ED25519 key SHA256:" in verdict.lines[0]
    allowed.write_text(line * 2 + original.allowed.read_text())
    assert verify(original.directory, allowed=allowed).code == VALID


def test_what_ssh_keygen_complains_of_is_nobodys_name(original: Signed, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(f"nonsense\n{original.allowed.read_text()}")
    done = original.verify("--allowed-signers", str(allowed))
    assert done.returncode == VALID, done.stdout
    assert "invalid key" not in done.stdout


def test_a_key_that_is_not_allowed_is_told_so(original: Signed, tmp_path: Path) -> None:
    other = new_key(tmp_path, "other").with_suffix(".pub").read_text()
    allowed = tmp_path / "allowed"
    allowed.write_text(f"b@example.test {other}")
    verdict = verify(original.directory, allowed=allowed)
    assert verdict.code == NOT_VALID
    assert "the signature is good, but allowed does not allow ED25519 key" in verdict.lines[0]


def test_a_certificate_is_allowed_by_the_line_of_its_authority(tmp_path: Path) -> None:
    authority, key = new_key(tmp_path, "authority"), new_key(tmp_path, "operator")
    words = ["-s", str(authority), "-I", "anna", "-n", PRINCIPAL, str(key.with_suffix(".pub"))]
    subprocess.run(["ssh-keygen", "-q", *words], check=True)
    text, allowed = tmp_path / "text", tmp_path / "allowed"
    text.write_bytes(TEXT)
    certificate = str(tmp_path / "operator-cert.pub")
    words = ["-Y", "sign", "-q", "-n", NAMESPACE, "-f", certificate, str(text)]
    subprocess.run(["ssh-keygen", *words], check=True)
    line = f"{PRINCIPAL} cert-authority {{}}\n"
    other = new_key(tmp_path, "other").with_suffix(".pub").read_text()
    allowed.write_text(line.format(other) + line.format(authority.with_suffix(".pub").read_text()))
    name, _ = signer_of(text.with_suffix(".sig"), allowed, NAMESPACE, TEXT)
    assert name == PRINCIPAL
    allowed.write_text(line.format(other))
    with pytest.raises(Wrong, match="allowed does not allow ED25519-CERT key"):
        signer_of(text.with_suffix(".sig"), allowed, NAMESPACE, TEXT)


# an ssh-keygen that knows no signatures, as RHEL 8's 8.0

OLD = """\
#!/bin/sh
echo 'unknown option -- Y' >&2
echo 'usage: ssh-keygen [-q] [-b bits] [-t dsa | ecdsa | ed25519 | rsa]' >&2
exit 1
"""
NO_FIND = """\
#!/bin/sh
echo 'Unsupported operation for -Y: "find-principals"' >&2
exit 1
"""
SILENT = "#!/bin/sh\nexec sleep 60\n"


@pytest.fixture
def with_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(script: str) -> None:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "ssh-keygen").write_text(script)
        (programs / "ssh-keygen").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    return put


CANT = "can't check signatures: that takes OpenSSH 8.2 or newer"


@pytest.mark.parametrize("script", [OLD, NO_FIND])
def test_an_old_ssh_keygen_is_told_and_nothing_is_called_altered(
    original: Signed, with_program: Callable[[str], None], script: str
) -> None:
    text, signature = b"x", (original.directory / "manifest.json.sig").read_bytes()
    with_program(script)
    with pytest.raises(OSError, match=r"takes OpenSSH 8\.2"):
        verify(original.directory, allowed=original.allowed)
    verdict = verify(original.directory)
    assert verdict.code != NOT_VALID
    assert any(CANT in line for line in verdict.lines)
    with pytest.raises(CantVerify, match=r"takes OpenSSH 8\.2"):
        signed_by(text, signature, original.allowed, NAMESPACE)
    with pytest.raises(CantVerify, match=r"takes OpenSSH 8\.2"):
        is_signed_with(text, signature, NAMESPACE)


def test_an_approval_and_a_statement_say_so(
    tmp_path: Path, with_program: Callable[[str], None]
) -> None:
    from engine.parse.signed import SCHEMA
    from engine.verify import canonical

    signed = {
        "schema": SCHEMA, "plan": "f" * 64, "material": {}, "name": "B. Bianchi",
        "given": "2026-11-01T00:00:00.000Z", "until": "2026-11-14T00:00:00.000Z",
    }  # fmt: skip
    (tmp_path / "b.approval.json").write_bytes(canonical({**signed, "signature": "x"}))
    (tmp_path / "allowed").write_text("b@example.test ssh-ed25519 AAAA\n")
    with_program(OLD)
    (seen,) = read_approvals(tmp_path, tmp_path / "allowed")
    assert seen.problem.endswith(CANT)
    statement = {
        "schema": 1, "run": "r", "cluster": "c", "environment": "rehearsal", "scenario": "guide",
        "runbook": "a" * 64, "source": "4.25", "target": "4.26", "nodes": {"operative": 3},
        "finished": "2026-11-01T00:00:00.000Z", "key": "SHA256:x", "signature": "x",
    }  # fmt: skip
    (tmp_path / "rehearsal.json").write_bytes(canonical(statement))
    problem = read_statement(tmp_path / "rehearsal.json").problem
    assert problem.endswith(CANT)
    assert "altered" not in problem


def test_an_ssh_keygen_that_does_not_end_is_not_waited_for(
    original: Signed, with_program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.verify.DEADLINE", 0.2)
    with_program(SILENT)
    with pytest.raises(OSError, match="no answer within"):
        verify(original.directory, allowed=original.allowed)
