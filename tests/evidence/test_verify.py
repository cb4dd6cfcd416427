"""`verify.py` finds and names every single change, and runs without the project."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError
from engine.prove.signature import Signer
from engine.record.run import Run
from engine.verify import (
    GENESIS,
    NOT_PROVED,
    NOT_VALID,
    USAGE,
    VALID,
    Wrong,
    canonical,
    digest,
    facts,
    read_chain,
    read_earlier,
    verify,
)
from tests.engine import kit
from tests.evidence.sealed import (
    EARLIER,
    PRINCIPAL,
    VERIFY,
    Signed,
    Tamper,
    altered,
    made,
    made_anew,
    new_key,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    place = tmp_path_factory.mktemp("run")
    return made(place / "run", new_key(place))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """With few lines: each byte of it is changed."""
    place = tmp_path_factory.mktemp("small")
    return made(place / "run", new_key(place), events=1)


@pytest.fixture
def run(original: Signed, tmp_path: Path) -> Signed:
    return original.copy(tmp_path / "copy")


def test_it_needs_nothing_but_an_old_python() -> None:
    tree = ast.parse(VERIFY.read_text(), feature_version=(3, 6))
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert names - sys.stdlib_module_names == set()
    # what 3.6 would evaluate and does not have
    assert "__future__" not in names
    assert not any(isinstance(node, ast.NamedExpr) for node in ast.walk(tree))


def test_untouched_is_valid_by_the_head(run: Signed) -> None:
    done = run.by_head()
    assert done.returncode == VALID, done.stdout
    assert done.stdout.startswith("valid: run ")


def test_untouched_is_valid_by_the_signature(run: Signed) -> None:
    done = run.by_signers()
    assert done.returncode == VALID, done.stdout
    assert f"signed by {PRINCIPAL}" in done.stdout
    assert run.sealed.signed in done.stdout


def test_without_either_the_origin_is_not_proved(run: Signed) -> None:
    done = run.verify()
    assert done.returncode == NOT_PROVED
    assert done.stdout.startswith("consistent, origin not proved: ")
    assert run.head in done.stdout
    assert f"key {run.sealed.signed}: --allowed-signers tells whose key that is" in done.stdout


PROGRAM: dict[str, tuple[Tamper, int]] = {
    "untouched": (lambda run: None, VALID),
    "a report altered": (altered("report.html", 3), NOT_VALID),
    "with nothing to prove it by": (lambda run: None, NOT_PROVED),
    "gone": (lambda run: shutil.rmtree(run.directory), USAGE),
}


@pytest.mark.parametrize("state", PROGRAM)
def test_as_a_program_it_says_and_ends_the_same(run: Signed, state: str) -> None:
    """Without the project, as an engineer runs it; the other tests call it in this process."""
    tamper, code = PROGRAM[state]
    tamper(run)
    given = [] if code == NOT_PROVED else ["--allowed-signers", str(run.allowed)]
    own, started = run.verify(*given), run.started(*given)
    assert started.returncode == code, started
    assert (started.stdout, started.stderr) == (own.stdout, own.stderr)
    assert own.returncode == code


def _without(number: int) -> Tamper:
    return lambda run: run.put([*run.lines[: number - 1], *run.lines[number:]])


def _swapped(run: Signed) -> None:
    lines = run.lines
    lines[4], lines[5] = lines[5], lines[4]
    run.put(lines)


def _repeated(run: Signed) -> None:
    run.put([*run.lines[:5], run.lines[4], *run.lines[5:]])


def _another_text(number: int) -> Tamper:
    def tamper(run: Signed) -> None:
        lines = run.lines
        lines[number - 1] = lines[number - 1].replace(b"note ", b"NOTE ", 1)
        run.put(lines)

    return tamper


def _new_line_within(run: Signed) -> None:
    event = json.loads(run.lines[4])
    event["text"] = "nothing happened"
    run.put([*run.lines[:5], json.dumps(event).encode() + b"\n", *run.lines[5:]])


def _line_behind(run: Signed) -> None:
    event = {**json.loads(run.lines[-1]), "event": "note", "text": "all was well"}
    run.put([*run.lines, json.dumps(event).encode() + b"\n"])


def _file(name: str) -> Tamper:
    def tamper(run: Signed) -> None:
        (run.directory / name).write_text("new")

    return tamper


def _removed(name: str) -> Tamper:
    return lambda run: (run.directory / name).unlink()


def _linked(run: Signed) -> None:
    path = run.directory / "report.html"
    path.rename(run.directory.parent / "elsewhere.html")
    path.symlink_to(run.directory.parent / "elsewhere.html")


def _link_for(name: str) -> Tamper:
    def tamper(run: Signed) -> None:
        elsewhere = run.directory.parent / f"elsewhere-{name}"
        (run.directory / name).rename(elsewhere)
        (run.directory / name).symlink_to(elsewhere)

    return tamper


def _other_value(run: Signed) -> None:
    """The manifest follows a change of a file."""
    altered("report.html", 3)(run)
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())

    manifest["files"]["report.html"] = facts(run.directory / "report.html")
    path.write_bytes(canonical(manifest))


def _brackets(name: str) -> Tamper:
    def tamper(run: Signed) -> None:
        (run.directory / name).write_bytes(b"[" * 100_000 + b"\n")

    return tamper


def _half_a_character(run: Signed) -> None:
    path = run.directory / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"report.html"', b'"\\ud800"'))


def _forged(name: str, when: object = "2026-11-05T06:07:08.000Z") -> Tamper:
    """The manifest says that this file was made anew. Nobody has signed that."""

    def tamper(run: Signed) -> None:
        path = run.directory / "manifest.json"
        manifest = json.loads(path.read_text())
        (run.directory / name).write_text("made up")
        manifest["replaced"] = {name: manifest["files"][name]}
        manifest["files"][name] = facts(run.directory / name)
        path.write_bytes(canonical({**manifest, "rebuilt": when}))
        (run.directory / "manifest.json.sig").unlink()

    return tamper


def _a_number(run: Signed) -> None:
    run.put([*run.lines[:4], b"7\n", *run.lines[5:]])


def _another_signs(run: Signed) -> None:
    """Somebody who may sign as well; the seal says whose signature there was."""
    key = new_key(run.directory.parent, "colleague")
    with run.allowed.open("a") as allowed:
        allowed.write(f"colleague@example.test {key.with_suffix('.pub').read_text()}")
    signed = Signer(key, "").sign((run.directory / "manifest.json").read_bytes())
    (run.directory / "manifest.json.sig").write_bytes(signed)


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a line altered": (_another_text(5), "journal.jsonl: line 5 was altered"),
    "the first line altered": (altered("journal.jsonl", 40), "line 1 was altered"),
    "the last line altered": (altered("journal.jsonl", -4), "was altered"),
    "a line removed": (_without(5), "line 5 is missing"),
    "the first line removed": (_without(1), "line 1 is missing"),
    "the last line removed": (_without(14), "lines are missing at its end"),
    "lines swapped": (_swapped, "reordered"),
    "a line repeated": (_repeated, "a line was added: line 6 is event 5 again"),
    "a line made up": (_new_line_within, "a line was added: line 6"),
    "a line behind the last": (_line_behind, "added"),
    "the last line end": (lambda run: run.put([b"".join(run.lines)[:-1]]), "journal.jsonl"),
    "an empty line": (lambda run: run.put([*run.lines, b"\n"]), "journal.jsonl"),
    "a report altered": (altered("report.html", 3), "report.html was altered"),
    "an output altered": (altered("outputs/0001-a.txt", 0), "outputs/0001-a.txt was altered"),
    "a backup altered": (altered("backups/ocsweb.memories.sql.gz", 1), "backups/ocsweb"),
    "an earlier journal altered": (altered(EARLIER, 60), f"{EARLIER}: line 1 was altered"),
    "an earlier journal's torn end": (altered(EARLIER, -1), f"{EARLIER} was altered"),
    "how to verify it altered": (altered("VERIFY.txt", 40), "VERIFY.txt was altered"),
    "how to verify it removed": (_removed("VERIFY.txt"), "VERIFY.txt is missing"),
    "the verifier altered": (altered("verify.py", 9000), "verify.py was altered"),
    "an output removed": (_removed("outputs/0001-a.txt"), "outputs/0001-a.txt is missing"),
    "a file added": (_file("outputs/0002-b.txt"), "outputs/0002-b.txt was added"),
    "a link for a file": (_linked, "report.html: not a file"),
    "the journal removed": (_removed("journal.jsonl"), "there is no journal.jsonl"),
    "the manifest removed": (_removed("manifest.json"), "manifest.json is missing"),
    "the manifest altered": (altered("manifest.json", -20), "manifest.json"),
    "the signature removed": (_removed("manifest.json.sig"), "manifest.json.sig is missing"),
    "the signature altered": (altered("manifest.json.sig", 60), "manifest.json.sig"),
    "a file and its entry": (_other_value, "its list is not the one the run sealed"),
    "an empty journal": (lambda run: run.put([]), "journal.jsonl: there is no whole line in it"),
    "a file with a name of bytes": (
        _file(os.fsdecode(b"outputs/\xff")),
        "no name that a run gives",
    ),
    "a manifest of brackets": (_brackets("manifest.json"), "manifest.json was altered"),
    "a journal of brackets": (_brackets("journal.jsonl"), "journal.jsonl: line 1 was altered"),
    "half a character": (_half_a_character, "manifest.json was altered"),
    "an output, as if made anew": (_forged("outputs/0001-a.txt"), "nothing that is made anew"),
    "a page, as if made anew at no time": (_forged("report.html", 0), "when reports were made"),
    "a page, as if made anew at no moment": (_forged("report.html", ""), "when reports were made"),
    "a page, as if somebody had approved of it": (
        _forged("report.html", "2026-11-05T06:07:08Z, and the operator has approved of it"),
        "when reports were made",
    ),
    "a page, as if made anew and never": (_forged("report.html", None), "and nothing rebuilt"),
    "a line that is a number": (_a_number, "journal.jsonl: line 5 was altered: it is no event"),
    "another one's signature": (_another_signs, "manifest.json.sig: of another key than the one"),
    "a link for the manifest": (_link_for("manifest.json"), "manifest.json: not a file"),
    "a link for the signature": (_link_for("manifest.json.sig"), "manifest.json.sig: not a file"),
    "a file beside with a line end in its name": (
        _file("manifest.1.json.sig\n"),
        "was added",
    ),
}


@pytest.mark.parametrize("change", TAMPERED)
@pytest.mark.parametrize("proof", ["head", "signers"])
def test_every_change_is_found_and_named(run: Signed, change: str, proof: str) -> None:
    tamper, named = TAMPERED[change]
    tamper(run)
    done = run.by_head() if proof == "head" else run.by_signers()
    assert done.returncode == NOT_VALID, done.stdout
    assert named in done.stdout
    assert done.stdout.startswith("NOT VALID: ")


@pytest.mark.parametrize("name", ["journal.jsonl", "manifest.json", "manifest.json.sig"])
@pytest.mark.parametrize("proof", ["head", "signers"])
def test_every_single_byte_counts(small: Signed, tmp_path: Path, name: str, proof: str) -> None:
    """Bytes altered and bytes taken out, one after the other."""
    run = small.copy(tmp_path / "copy")
    file = run.directory / name
    raw = file.read_bytes()
    given = {"head": run.head} if proof == "head" else {"allowed": run.allowed}
    passed = []
    for at in range(len(raw)):
        for changed in (bytes([raw[at] ^ 1]), b""):
            file.write_bytes(raw[:at] + changed + raw[at + 1 :])
            if verify(run.directory, **given).code != NOT_VALID:
                passed.append((at, changed))
    assert passed == []


SHAPES: dict[str, Tamper] = {
    "numbers that are none": lambda run: _with(run, position=[{"first": float("inf"), "last": 1}]),
    "a holder of lists": lambda run: _with(
        run, position=[{"first": 9, "last": 9, "holder": {"run": ["x"]}}]
    ),
    "an attempt that is a list": lambda run: _with(run, attempt=["x"]),
    "a step that is a number": lambda run: _with(run, step=7),
    "outputs that were fetched otherwise": lambda run: _with(
        run, event="outputs-fetched", of="x", missing=7
    ),
    "a head of no line": lambda run: _with(run, event="witnessed", line=10**6, head=None),
}


def _with(run: Signed, position: Any = None, **fields: Any) -> None:
    """A line behind those of a run that was killed, in the chain of whoever writes it."""
    for name in ("manifest.json", "manifest.json.sig"):
        (run.directory / name).unlink()
    lines = run.lines[:8]
    event = {**json.loads(lines[-1]), "seq": 9, "prev": digest(lines[-1].rstrip(b"\n")), **fields}
    if position is not None:
        event |= {"event": "position", "missing": position}
    run.put([*lines, json.dumps(event).encode() + b"\n"])


def test_a_line_behind_the_seal_is_no_run_without_an_end(run: Signed) -> None:
    """In the chain of whoever writes it, and without what lists the files."""
    for name in ("manifest.json", "manifest.json.sig"):
        (run.directory / name).unlink()
    last = run.lines[-1]
    event = {**json.loads(last), "seq": len(run.lines) + 1, "prev": digest(last.rstrip(b"\n"))}
    line = {**event, "event": "run-ended", "outcome": "done", "exit_code": 0}
    run.put([*run.lines, json.dumps(line).encode() + b"\n"])
    done = run.verify()
    assert done.returncode == NOT_VALID, done.stdout
    assert "lines were added behind its seal" in done.stdout


@pytest.mark.parametrize("shape", SHAPES)
def test_a_line_of_another_shape_is_told_and_no_traceback(run: Signed, shape: str) -> None:
    SHAPES[shape](run)
    done = run.verify()
    assert done.returncode == NOT_VALID, done.stdout
    assert done.stdout.startswith("NOT VALID: ")
    assert done.stderr == ""


@pytest.mark.parametrize("when", ["2026-11-05T06:07:08.000Z", "2026-11-05T06:07:08Z"])
def test_a_page_that_is_called_made_anew_is_not_proved_by_the_head(run: Signed, when: str) -> None:
    """Whoever has no key can do that: the verdict says of which file nothing is proved."""
    _forged("report.html", when)(run)
    done = run.by_head()
    assert done.returncode == NOT_PROVED, done.stdout
    assert f"made anew from the journal at {when}: report.html\n" in done.stdout
    assert f"the run itself had signed with {run.sealed.signed}" in done.stdout
    assert run.by_signers().returncode == NOT_VALID


def test_a_colleague_s_signature_does_not_make_up_for_the_operator_s(
    run: Signed, tmp_path: Path
) -> None:
    """As where his manifest was taken away, and not kept beside the new one."""
    key = new_key(tmp_path, "colleague")
    with run.allowed.open("a") as allowed:
        allowed.write(f"colleague@example.test {key.with_suffix('.pub').read_text()}")
    _forged("report.html")(run)
    manifest = run.directory / "manifest.json"
    words = [
        "ssh-keygen",
        "-q",
        "-Y",
        "sign",
        "-n",
        "neteye-runbook",
        "-f",
        str(key),
        str(manifest),
    ]
    subprocess.run(words, check=True, capture_output=True)
    done = run.verify("--head", run.head, "--allowed-signers", str(run.allowed))
    assert done.returncode == NOT_PROVED, done.stdout
    assert (
        f"the run had signed its manifest with {run.sealed.signed}: neither is here" in done.stdout
    )


def test_another_journal_with_a_chain_of_its_own_has_another_head(
    run: Signed, tmp_path: Path
) -> None:
    forged = made(tmp_path / "forged", new_key(tmp_path, "forger"), events=11)
    assert forged.by_head().returncode == VALID
    done = forged.verify("--head", run.head)
    assert done.returncode == NOT_VALID
    assert "written anew" in done.stdout
    done = forged.verify("--allowed-signers", str(run.allowed))
    assert done.returncode == NOT_VALID
    assert "manifest.json.sig" in done.stdout


def test_who_signs_can_write_it_anew_and_the_head_tells(tmp_path: Path) -> None:
    """A signature says who, not when: the operator's own key is at hand afterwards as well."""
    key = new_key(tmp_path)
    run = made(tmp_path / "run", key)
    forged = made(tmp_path / "forged", key, events=11)
    assert forged.verify("--allowed-signers", str(run.allowed)).returncode == VALID
    assert forged.verify("--head", run.head).returncode == NOT_VALID


def test_lines_behind_the_given_head_are_named(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    line = json.loads(run.lines[6])
    done = run.verify("--head", line["prev"])
    assert done.returncode == NOT_VALID
    assert "lines were added from line 7 on" in done.stdout


def test_without_a_key_it_says_so_and_the_head_proves_it(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    assert run.sealed.signed == ""
    assert "no-such-key" in run.sealed.lines()[0]
    assert not (run.directory / "manifest.json.sig").exists()
    done = run.by_head()
    assert done.returncode == VALID
    assert "\n  not signed: the run was not signed\n" in done.stdout
    run.allowed.write_text("")
    done = run.by_signers()
    assert done.returncode == NOT_VALID
    assert "the run was not signed" in done.stdout


def test_the_directory_says_how_it_is_verified_and_has_the_verifier(run: Signed) -> None:
    assert (run.directory / "verify.py").read_bytes() == VERIFY.read_bytes()
    text = (run.directory / "VERIFY.txt").read_text()
    for told in (
        run.directory.name,
        run.sealed.signed,
        facts(VERIFY)["sha256"],
        "Trust one of your own more",
        "head of its journal",
        "under journal.head",
    ):
        assert told in text
    assert run.head not in text, "the head stands for this file, too"
    assert json.loads((run.directory / "manifest.json").read_text())["journal"]["head"] == run.head
    assert max(map(len, text.splitlines())) < 100
    for name in ("VERIFY.txt", "verify.py"):
        assert (run.directory / name).stat().st_mode & 0o777 == 0o600


def test_the_directory_s_own_verifier_works_and_says_what_it_is_worth(run: Signed) -> None:
    words = [sys.executable, "-I", "verify.py", ".", "--head", run.head]
    own = subprocess.run(words, cwd=run.directory, capture_output=True, text=True, check=False)
    assert own.returncode == VALID, own.stdout
    assert "checked by the directory's own verify.py" in own.stdout
    assert "so take one of your own" in own.stdout
    elsewhere = run.by_head()
    assert elsewhere.returncode == VALID, "to run it there has left nothing behind"
    assert "own verify.py" not in elsewhere.stdout


def test_without_a_key_the_directory_says_so_too(tmp_path: Path) -> None:
    text = (made(tmp_path / "run").directory / "VERIFY.txt").read_text()
    assert "It is not signed: no-such-key: " in text
    assert "The head alone proves it." in text


def test_what_can_not_be_written_of_it_is_told_and_the_rest_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.prove.seal.verifier", full)
    run = made(tmp_path / "run")
    (told,) = run.sealed.unwritten
    assert told.endswith("VERIFY.txt (No space left on device)")
    assert run.by_head().returncode == VALID


def test_of_a_killed_run_it_is_written_when_its_reports_are(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.record("note", step="a.b", text="before it was killed")
    run.journal.close()
    made_anew(run.directory)
    text = (run.directory / "VERIFY.txt").read_text()
    assert "The run did not come to its end" in text
    assert "head of its journal: " not in text
    assert verify(run.directory).code == NOT_PROVED
    (run.directory / "VERIFY.txt").write_text("all is well\n")
    (said,) = verify(run.directory).lines
    assert re.fullmatch(
        r"NOT VALID: VERIFY\.txt was altered \(12 bytes;"
        rf" listed is {len(text.encode())} bytes, sha256 [0-9a-f]{{16}}\)",
        said,
    )


def test_of_a_killed_run_the_journal_can_be_verified(run: Signed) -> None:
    lines = run.lines[:-2]
    run.put([*lines, lines[-1][:30]])
    for name in ("manifest.json", "manifest.json.sig"):
        (run.directory / name).unlink()
    done = run.verify()
    assert done.returncode == NOT_PROVED
    assert "did not come to its end" in done.stdout
    assert f"{len(lines)} journal lines" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_text("another"), "was altered: journal.jsonl cites another one"),
        (lambda path: path.unlink(), "is missing: journal.jsonl cites it"),
    ],
)
def test_of_a_killed_run_the_outputs_are_held_to_their_citations(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    run = kit.make_run(tmp_path)
    output = run.outputs.describe("an answer", "x" * 5000)
    run.record("observation", step="a.b", node=kit.N, question="q", command="c", output=output)
    run.journal.close()
    assert verify(run.directory).code == NOT_PROVED
    spoil(run.directory / output["file"])
    assert verify(run.directory).lines[0] == f"NOT VALID: outputs/0001-an-answer.txt {said}"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_text("another"), "was altered: journal.jsonl has another sum"),
        (lambda path: path.unlink(), "is missing: journal.jsonl says that it was fetched"),
    ],
)
def test_of_a_killed_run_a_backup_is_held_to_the_sum_in_the_journal(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    run = kit.make_run(tmp_path)
    path = run.directory / "backups/ocsweb.memories.sql.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\0\1")
    run.record("file-fetched", step="a.b", node=kit.N, file="backups/" + path.name, **facts(path))
    run.journal.close()
    assert verify(run.directory).code == NOT_PROVED
    spoil(path)
    assert verify(run.directory).lines[0] == f"NOT VALID: backups/{path.name} {said}" + (
        " of it" if "sum" in said else ""
    )
    assert said in made_anew(run.directory).found()[0]


def test_an_output_that_was_told_to_be_missing_and_is_there_is_held_to_its_sum(
    tmp_path: Path,
) -> None:
    raw = chained("one", output={"file": "outputs/0001-a.txt", "sha256": digest(b"whole")})
    path = killed_after_reading(
        tmp_path,
        raw,
        {"of": NAME, "files": 0, "missing": [{"why": "no room", "files": ["0001-a.txt"]}]},
    )
    (named,) = [line for line in verify(path.parents[1]).lines if "not here" in line]
    assert named.endswith(f"not here: no room (outputs/{NAME}/0001-a.txt)")
    output = path.parents[1] / "outputs" / NAME / "0001-a.txt"
    output.parent.mkdir(parents=True)
    output.write_bytes(b"whole")
    assert verify(path.parents[1]).code == NOT_PROVED
    output.write_bytes(b"half")
    assert "0001-a.txt was altered" in verify(path.parents[1]).lines[0]


def test_a_citation_of_a_place_elsewhere_is_no_run_s(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.record("attachment", step="", name="n", output={"file": "../../etc/passwd", "sha256": "x"})
    run.journal.close()
    (line,) = [line for line in verify(run.directory).lines if "NOT VALID" in line]
    assert "no output of a run: ../../etc/passwd" in line


@pytest.mark.parametrize("arguments", [["--head", "abc"], ["--allowed-signers", "/no/such"], ["x"]])
def test_wrong_use(run: Signed, arguments: list[str]) -> None:
    assert run.verify(*arguments).returncode == USAGE


def _elsewhere(run: Signed) -> None:
    for name in ("outputs", "earlier", "backups"):
        shutil.rmtree(run.directory / name)
    for path in run.directory.iterdir():
        path.rename(run.directory.parent / path.name)


def _a_file(run: Signed) -> None:
    shutil.rmtree(run.directory)
    run.directory.write_text("")


def _a_newer_form(run: Signed) -> None:
    path = run.directory / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"schema": 1', b'"schema": 3'))


NOTHING_TO_JUDGE: dict[str, tuple[Tamper, str]] = {
    "no directory": (lambda run: shutil.rmtree(run.directory), "no such directory"),
    "a directory of something else": (_elsewhere, "nothing of a run is in it"),
    "a file": (_a_file, "not a directory"),
    "a newer form": (_a_newer_form, "its form is 3, and this verify.py reads 2"),
    "a name too long": (
        lambda run: setattr(run, "directory", run.directory / ("x" * 300)),
        "can't be read",
    ),
}


@pytest.mark.parametrize("what", NOTHING_TO_JUDGE)
def test_what_can_not_be_judged_is_not_called_altered(run: Signed, what: str) -> None:
    spoil, said = NOTHING_TO_JUDGE[what]
    spoil(run)
    done = run.by_head()
    assert done.returncode == USAGE, done.stdout
    assert re.fullmatch(rf"ERROR: .*{said}.*\n", done.stderr), done.stderr


def test_a_folder_that_can_not_be_listed_is_not_an_empty_one(
    run: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("outputs"):
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(PermissionError, match="outputs"):
        verify(run.directory, run.head)


def test_a_name_does_not_steer_the_terminal(run: Signed) -> None:
    (run.directory / "outputs" / "x\x1b[31m\u202e").write_text("")
    done = run.by_head()
    assert done.returncode == NOT_VALID
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_a_chain_begins_with_nothing_before_it() -> None:
    with pytest.raises(Wrong, match="line 1 was altered"):
        read_chain(b'{"seq": 1, "prev": "00"}\n', "journal.jsonl")


NAME = "20261101T000000Z-test-aaaa"


def chained(*texts: str, **more: Any) -> bytes:
    """A journal of these notes, each with these fields as well."""
    raw, previous = b"", GENESIS
    for number, text in enumerate(texts, 1):
        line = json.dumps({"run": NAME, "seq": number, "prev": previous, "event": "note",
                           "text": text, **more}).encode()  # fmt: skip
        raw, previous = raw + line + b"\n", digest(line)
    return raw


def killed_after_reading(
    place: Path, earlier: bytes, fetched: Any = None, also: Mapping[str, str] | None = None
) -> Path:
    """A run that has read this journal of an earlier one, and sealed nothing; `fetched`: what it
    told of its outputs; `also`: further ones that it has read, with their heads."""
    run = kit.make_run(place)
    path = run.directory / "earlier" / f"{NAME}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(earlier)
    if fetched is not None:
        run.record("outputs-fetched", step="", **fetched)
    heads = {NAME: read_earlier(earlier, NAME).head, **(also or {})}
    run.record("position", position="x", journals=heads)
    run.journal.close()
    return path


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (chained("one", "two"), NOT_PROVED),
        (chained("one", "two", "and one that N had not got then"), NOT_PROVED),
        (chained("one"), NOT_VALID),
        (chained("one", "another"), NOT_VALID),
        (b"", NOT_VALID),
        (b'{"event": "note", "of": "a runbook without chains"}\n', NOT_VALID),
    ],
)
def test_an_earlier_journal_is_the_one_that_the_run_had_read(
    tmp_path: Path, now: bytes, code: int
) -> None:
    """Also where no list of files says so, as the run was killed."""
    path = killed_after_reading(tmp_path, chained("one", "two"))
    path.write_bytes(now)
    verdict = verify(path.parents[1])
    assert verdict.code == code, verdict.lines
    if code == NOT_VALID:
        assert f"earlier/{NAME}.jsonl was altered: journal.jsonl has another" in verdict.lines[0]


def test_an_earlier_journal_that_the_run_had_read_is_there(tmp_path: Path) -> None:
    path = killed_after_reading(tmp_path, chained("one", "two"))
    path.unlink()
    named = f"NOT VALID: earlier/{NAME}.jsonl is missing: by journal.jsonl its run was read up to"
    assert verify(path.parents[1]).lines[0].startswith(named)
    with pytest.raises(UsageError, match=r"is missing: by journal\.jsonl"):
        made_anew(path.parents[1])


@pytest.mark.parametrize(
    ("attempt", "code"), [(NAME, NOT_VALID), ("the one before", NOT_PROVED), (None, NOT_PROVED)]
)
def test_so_is_one_that_a_run_between_had_read(
    tmp_path: Path, attempt: str | None, code: int
) -> None:
    """Whoever begins an attempt had read journals of the one before, which lie elsewhere."""
    first, other = chained("one", "two"), "20261101T010000Z-test-bbbb"
    between = {"event": "position", "attempt": attempt, "journals": {"gone": "f" * 64}}
    second = chained("x", **between)
    path = killed_after_reading(tmp_path, first, also={other: read_earlier(second, other).head})
    (path.parent / f"{other}.jsonl").write_bytes(second)
    verdict = verify(path.parents[1])
    assert verdict.code == code, verdict.lines
    said = "earlier/gone.jsonl is missing: by earlier/20261101T010000Z-test-bbbb.jsonl its run"
    assert (said in verdict.lines[0]) == (code == NOT_VALID)


# runs of which no journal is there


def _taken(generation: int) -> dict[str, Any]:
    return {"event": "lock-taken", "generation": generation}


def continued(place: Path, generation: int, *missing: dict[str, Any]) -> Signed:
    """A sealed run with this generation, after the opener's, which had 3."""

    def begin(run: Run) -> None:
        path = run.directory / "earlier" / f"{NAME}.jsonl"
        path.write_bytes(chained("one", **_taken(3)))
        heads = {NAME: read_earlier(path.read_bytes(), NAME).head}
        told = {"attempt": NAME, "journals": heads, "missing": list(missing)}
        run.record("position", position="x", **told)
        run.record("lock-taken", step="", generation=generation)

    return made(place, begin=begin)


KNOWN = {"run": "R", "who": "root", "host": "c1", "since": "then"}


@pytest.mark.parametrize(
    ("generation", "missing", "code", "said"),
    [
        (4, [], VALID, ""),
        (
            5,
            [(4, 4, KNOWN)],
            VALID,
            "missing: generation 4 of the cluster's lock: taken by a run of",
        ),
        (5, [], NOT_PROVED, "missing: generation 4 of the cluster's lock: no journal, and nobody"),
        (9, [(4, 4, KNOWN)], NOT_PROVED, "missing: generations 5 to 8 of the cluster's lock: no"),
        (4, [(4, 6, {})], NOT_PROVED, "missing: generations 4 to 6 of the cluster's lock: no"),
    ],
)
def test_a_run_that_left_no_journal_is_named(
    tmp_path: Path,
    generation: int,
    missing: list[tuple[int, int, dict[str, str]]],
    code: int,
    said: str,
) -> None:
    """Of one that N knows it is known that it changed nothing; of another nothing is."""
    fields = [dict(zip(("first", "last", "holder"), one, strict=True)) for one in missing]
    run = continued(tmp_path / "run", generation, *fields)
    done = run.by_head()
    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert ("missing" in done.stdout) == bool(said)
    if code == NOT_PROVED:
        assert done.stdout.startswith("consistent, proved in part: ")


def test_the_journal_of_the_run_that_opened_the_attempt_is_there(tmp_path: Path) -> None:
    def begin(run: Run) -> None:
        run.record("position", position="x", attempt=NAME, journals={})

    done = made(tmp_path / "run", begin=begin).by_head()
    assert done.returncode == NOT_PROVED
    assert f"missing: the journal of run {NAME}, which opened the attempt" in done.stdout


def test_a_follow_up_goes_by_another_directory(tmp_path: Path) -> None:
    def begin(run: Run) -> None:
        run.record("position", position="x", attempt=NAME, journals={})

    done = made(tmp_path / "run", begin=begin, follows="run-1").by_head()
    assert done.returncode == VALID, done.stdout


def test_missing_runs_that_no_run_tells_so_are_an_alteration(tmp_path: Path) -> None:
    done = continued(tmp_path / "run", 4, {"first": 1}).by_head()
    assert done.returncode == NOT_VALID
    assert "a position tells of missing runs as no run writes it" in done.stdout
