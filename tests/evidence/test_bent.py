"""A directory that was bent where no seal lists its files: each change is told, and none ends in a
traceback."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import verify as verify_module
from engine.errors import UsageError
from engine.prove.reseal import look
from engine.record.run import Run
from engine.verify import (
    GENESIS,
    NOT_PROVED,
    NOT_VALID,
    REMADE,
    Verdict,
    canonical,
    digest,
    facts,
    read_earlier,
    verify,
)
from tests.engine import kit
from tests.evidence.sealed import Signed, made, made_anew, new_key

NAME = "20261101T000000Z-test-aaaa"
INVENTED = "20261101T010000Z-test-bbbb"


def chained(run: str, *texts: str, **more: Any) -> bytes:
    """A journal of these notes."""
    raw, previous = b"", GENESIS
    for number, text in enumerate(texts, 1):
        event = {"run": run, "seq": number, "prev": previous, "event": "note", "text": text}
        line = json.dumps({**event, **more}).encode()
        raw, previous = raw + line + b"\n", digest(line)
    return raw


FIRST = chained(NAME, "one", "two")


def head_of(raw: bytes) -> str:
    return read_earlier(raw, NAME).head


def killed(
    place: Path, *, tells: bool = True, told: Callable[[Run], None] = lambda run: None
) -> Path:
    """The directory of a run that had read the journal of another one, and was killed then.

    `tells`: as this runbook does, which says what it puts there before it does.
    """
    run = kit.make_run(place)
    earlier = run.directory / "earlier"
    earlier.mkdir(exist_ok=True)
    journals = {NAME: head_of(FIRST)}
    if tells:
        run.record("journals-read", step="", journals=journals)
    (earlier / f"{NAME}.jsonl").write_bytes(FIRST)
    run.record("position", position="x", journals=journals)
    told(run)
    run.journal.close()
    return run.directory


def said(verdict: Verdict) -> str:
    return "\n".join(verdict.lines)


# earlier journals


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("name", [f"{INVENTED}.jsonl", f".{INVENTED}.jsonl", "copy.jsonl"])
def test_a_journal_that_the_run_had_not_read_is_refused(
    tmp_path: Path, tells: bool, name: str
) -> None:
    directory = killed(tmp_path, tells=tells)
    assert verify(directory).code == NOT_PROVED
    raw = FIRST if name == "copy.jsonl" else chained(INVENTED, "all was approved")
    (directory / "earlier" / name).write_bytes(raw)
    verdict = verify(directory)
    assert verdict.code == NOT_VALID
    assert verdict.lines[0] == (
        f"NOT VALID: earlier/{name} was added: by journal.jsonl its run has not read it"
    )
    with pytest.raises(UsageError, match="of a journal that was altered no report is made"):
        look(directory, REMADE)


def test_lines_behind_those_that_the_run_had_read_are_refused(tmp_path: Path) -> None:
    directory = killed(tmp_path)
    path = directory / "earlier" / f"{NAME}.jsonl"
    path.write_bytes(chained(NAME, "one", "two", "and it was approved"))
    verdict = verify(directory)
    assert verdict.code == NOT_VALID
    assert "earlier/20261101T000000Z-test-aaaa.jsonl was altered: journal.jsonl has" in said(
        verdict
    )


def test_of_an_older_runbook_the_journal_may_be_the_longer_one_that_it_read_last(
    tmp_path: Path,
) -> None:
    """It told what it had read when it was there already: a kill between the two is no fraud."""
    directory = killed(tmp_path, tells=False)
    path = directory / "earlier" / f"{NAME}.jsonl"
    path.write_bytes(chained(NAME, "one", "two", "three"))
    assert verify(directory).code == NOT_PROVED


@pytest.mark.parametrize("is_put", [True, False])
def test_a_run_that_is_killed_while_it_puts_journals_there_is_not_called_altered(
    tmp_path: Path, is_put: bool
) -> None:
    longer, another = chained(NAME, "one", "two", "three"), chained(INVENTED, "of another run")
    heads = {NAME: head_of(longer), INVENTED: head_of(another)}
    directory = killed(tmp_path, told=lambda r: r.record("journals-read", step="", journals=heads))
    if is_put:
        (directory / "earlier" / f"{NAME}.jsonl").write_bytes(longer)
        (directory / "earlier" / f"{INVENTED}.jsonl").write_bytes(another)
    (directory / "earlier" / f".{INVENTED}.jsonl.part").write_bytes(another[:20])
    verdict = verify(directory)
    assert verdict.code == NOT_PROVED, said(verdict)


def test_a_journal_without_a_chain_counts_where_the_run_has_read_one(tmp_path: Path) -> None:
    plain = b'{"event": "note", "of": "a runbook without chains"}\n'
    directory = killed(
        tmp_path, told=lambda r: r.record("journals-read", step="", journals={INVENTED: ""})
    )
    path = directory / "earlier" / f"{INVENTED}.jsonl"
    path.write_bytes(plain)
    assert verify(directory).code == NOT_PROVED
    path.rename(path.with_name("another.jsonl"))
    assert verify(directory).code == NOT_VALID


# the end


def _sealed(place: Path, *, begin: Callable[[Run], None] | None = None) -> Signed:
    return made(place / "run", new_key(place), begin=begin)


def _without_seal(run: Signed) -> None:
    """As somebody leaves it who has cut the seal off."""
    run.put(run.lines[:-1])
    for name in ("manifest.json", "manifest.json.sig", *REMADE):
        (run.directory / name).unlink(missing_ok=True)


def test_a_seal_that_was_cut_off_is_no_run_that_did_not_end(tmp_path: Path) -> None:
    run = _sealed(tmp_path)
    _without_seal(run)
    verdict = verify(run.directory)
    assert verdict.code == NOT_PROVED
    assert "the run had ended, and its seal is not here: it was killed" in said(verdict)
    assert "did not come to its end" not in said(verdict)
    found = made_anew(run.directory).found()
    assert found[0].startswith("the run had ended, and its seal is not here")
    assert "the run had ended, and its seal is not here" in said(verify(run.directory))


def test_nor_with_a_list_that_was_made_to_fit(tmp_path: Path) -> None:
    """Nobody had signed it, so whoever cuts the seal off writes the list as he likes."""
    run = made(tmp_path / "run")
    run.put(run.lines[:-1])
    (run.directory / "report.html").write_text("all was well")
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())
    head = digest(run.lines[-1].rstrip(b"\n"))
    manifest["journal"] = {"lines": len(run.lines), "head": head}
    for name in ("journal.jsonl", "report.html"):
        manifest["files"][name] = facts(run.directory / name)
    path.write_bytes(canonical(manifest))
    for verdict in (verify(run.directory), verify(run.directory, head)):
        assert verdict.code == NOT_VALID, said(verdict)
        assert "journal.jsonl: its last line, which seals the list, is gone" in said(verdict)


@pytest.mark.parametrize("kind", ["run-ended", "attempt-closed", "result", "step-ended", "row"])
def test_nothing_of_a_step_comes_behind_the_end(tmp_path: Path, kind: str) -> None:
    run = _sealed(tmp_path)
    _without_seal(run)
    last = run.lines[-1]
    event = {**json.loads(last), "seq": len(run.lines) + 1, "prev": digest(last.rstrip(b"\n"))}
    line = json.dumps({**event, "event": kind, "outcome": "done", "exit_code": 0}).encode()
    run.put([*run.lines, line + b"\n"])
    verdict = verify(run.directory)
    assert verdict.code == NOT_VALID, said(verdict)
    assert (
        f"line {len(run.lines)} was added: {kind}, and line {len(run.lines) - 1} says that the run"
        " had ended" in said(verdict)
    )


def test_a_run_that_its_own_last_words_stopped_has_ended_twice(tmp_path: Path) -> None:
    def told(run: Run) -> None:
        run.record("run-ended", outcome="done", exit_code=0)
        run.record("stopped", step="", outcome="failed", exit_code=1, reason="the disk is full")
        run.record("bookkeeping", problem="N does not answer")
        run.record("run-ended", outcome="failed", exit_code=1)

    assert verify(killed(tmp_path, told=told)).code == NOT_PROVED


# files


@pytest.mark.parametrize(
    "name",
    ["plan.json", "rehearsal.json", "outputs/9999-x.csv", "timestamps/x.tsr", "support-x.tar.gz"],
)
def test_a_file_of_which_no_line_tells_is_told(tmp_path: Path, name: str) -> None:
    directory = killed(tmp_path)
    path = directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("all is well")
    verdict = verify(directory)
    assert verdict.code == NOT_PROVED
    assert f"no line of a journal tells of {name}: written when the run was killed" in said(verdict)
    found = made_anew(directory).found()
    assert [text.partition(":")[0] for text in found] == [name]


def test_files_of_which_lines_tell_are_not_told_of(tmp_path: Path) -> None:
    def told(run: Run) -> None:
        output = run.outputs.describe("an answer", "x" * 5000)
        run.record("observation", step="a", node=kit.N, question="q", command="c", output=output)
        output = {"file": "outputs/0002-a.csv", "sha256": digest(b"x")}
        run.record("fact", step="", name="agents-listed", output=output)
        run.record("fact", step="", name="backup", backup={"path": "backups/m.sql.gz"})
        run.record("support-bundle", step="", file="support-x.tar.gz")
        (run.directory / "backups").mkdir()
        for name in ("outputs/0002-a.csv", "backups/m.sql.gz", "support-x.tar.gz"):
            (run.directory / name).write_text("x")
        run.record("run-ended", outcome="failed", exit_code=1)

    directory = killed(tmp_path, told=told)
    for name in ("summary.json", "evidence.html", "live.html", ".report.html.part"):
        (directory / name).write_text("half")
    assert "no line of a journal" not in said(verify(directory))
    assert [text.partition(",")[0] for text in made_anew(directory).found()] == [
        "the run had ended"
    ]


def _link(directory: Path) -> None:
    shutil.move(directory / "outputs", directory.parent / "elsewhere")
    (directory / "outputs").symlink_to(directory.parent / "elsewhere")


def _folder(directory: Path) -> None:
    (directory / "manifest.1.json").mkdir()


@pytest.mark.parametrize(("bend", "name"), [(_link, "outputs"), (_folder, "manifest.1.json")])
def test_what_is_no_file_is_not_valid(
    tmp_path: Path, bend: Callable[[Path], None], name: str
) -> None:
    directory = killed(tmp_path)
    (directory / "outputs").mkdir(exist_ok=True)
    bend(directory)
    assert verify(directory).lines == [f"NOT VALID: {name}: not a file; a run leaves files only"]


def test_a_listed_file_that_has_grown_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large it was made: its size tells."""
    run = _sealed(tmp_path)
    grown = run.directory / "outputs/0001-a.txt"
    os.truncate(grown, 1 << 40)
    seen: list[Path] = []

    def told(path: Path) -> dict[str, Any]:
        seen.append(path)
        return facts(path) if path != grown else {}

    monkeypatch.setattr("engine.verify.facts", told)
    verdict = verify(run.directory)
    assert "outputs/0001-a.txt was altered (1099511627776 bytes; listed is 10 " in said(verdict)
    assert grown not in seen
    assert seen != []


@pytest.mark.parametrize("what", ["an output", "a backup"])
def test_nor_is_one_that_a_line_cites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    names = {"an output": "outputs/0001-an-answer.txt", "a backup": "backups/m.sql.gz"}

    def told(run: Run) -> None:
        output = run.outputs.describe("an answer", "x" * 5000)
        run.record("observation", step="a", node=kit.N, question="q", command="c", output=output)
        path = run.directory / names["a backup"]
        path.parent.mkdir()
        path.write_bytes(b"a table")
        run.record("file-fetched", step="a", node=kit.N, file=names["a backup"], **facts(path))

    directory = killed(tmp_path, told=told)
    assert verify(directory).code == NOT_PROVED
    os.truncate(directory / names[what], 1 << 40)
    monkeypatch.setattr("engine.verify.facts", _of_small_files)
    assert f"{names[what]} was altered" in said(verify(directory))


def _of_small_files(path: Path) -> dict[str, Any]:
    assert path.stat().st_size < 1 << 20
    return facts(path)


# events that name places


@pytest.mark.parametrize("run", ["../../../../../etc", "..", "a/b", "", "x\n"])
def test_a_run_s_name_is_no_path(tmp_path: Path, run: str) -> None:
    directory = killed(tmp_path)
    path = directory / "journal.jsonl"
    lines = path.read_bytes().splitlines()
    event = {
        **json.loads(lines[-1]),
        "seq": len(lines) + 1,
        "prev": digest(lines[-1]),
        "event": "attachment",
        "run": run,
        "output": {"file": "outputs/hostname", "sha256": "0" * 64},
    }
    path.write_bytes(b"\n".join([*lines, json.dumps(event).encode(), b""]))
    assert verify(directory).lines == [
        f"NOT VALID: journal.jsonl was altered: {run!r} is no name of a run"
    ]


@pytest.mark.parametrize("generation", [True, "7", 1 << 53, -1, 1.5])
def test_a_generation_is_a_count(tmp_path: Path, generation: object) -> None:
    directory = killed(
        tmp_path, told=lambda r: r.record("lock-taken", step="", generation=generation)
    )
    verdict = verify(directory)
    assert verdict.code == NOT_VALID
    assert "was altered: its generation is no number" in said(verdict)


@pytest.mark.parametrize(
    "told", [{"file": "../../etc/passwd", "sha256": None}, {"file": "backups/m.gz", "sha256": None}]
)
def test_a_file_that_is_called_fetched_has_a_place_and_a_sum(
    tmp_path: Path, told: dict[str, Any]
) -> None:
    directory = killed(
        tmp_path, told=lambda r: r.record("file-fetched", step="a", node="n", **told)
    )
    assert f"no file of a run: {told['file']}" in verify(directory).lines[0]


def test_the_run_itself_does_not_excuse_that_its_output_is_gone(tmp_path: Path) -> None:
    def told(run: Run) -> None:
        output = run.outputs.describe("an answer", "x" * 5000)
        run.record("observation", step="a", node=kit.N, question="q", command="c", output=output)
        missing = [{"why": "no room", "files": [Path(output["file"]).name]}]
        run.record("outputs-fetched", step="", of=run.run_id, files=0, missing=missing)

    directory = killed(tmp_path, told=told)
    assert verify(directory).code == NOT_PROVED
    (directory / "outputs/0001-an-answer.txt").unlink()
    assert "outputs/0001-an-answer.txt is missing: journal.jsonl cites it" in said(
        verify(directory)
    )


# manifests


def test_a_kept_manifest_between_two_is_missed(tmp_path: Path) -> None:
    """Also when it is the colleague himself who makes the list anew without it."""
    run = _sealed(tmp_path)
    for text in (b"one", b"two", b"three"):
        made_anew(run.directory, None, {"report.html": text})
    assert verify(run.directory).code == NOT_PROVED
    (run.directory / "manifest.3.json").rename(run.directory / "manifest.2.json")
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["files"]["manifest.3.json"]
    manifest["files"]["manifest.2.json"] = facts(run.directory / "manifest.2.json")
    path.write_bytes(canonical(manifest))
    assert verify(run.directory).lines == [
        "NOT VALID: manifest.2.json was altered: it does not list each manifest before it"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("manifest.1.json", "manifest.1.json was added: no reports were made after the run"),
        ("manifest.1.json.sig", "manifest.1.json is missing: manifest.1.json.sig is there"),
        ("manifest.json.sig", "manifest.json is missing: there is a signature of it"),
    ],
)
def test_none_lies_beside_a_run_that_wrote_none(tmp_path: Path, name: str, message: str) -> None:
    """It would say that the run had sealed something."""
    other = _sealed(tmp_path)
    directory = killed(tmp_path / "killed")
    source = other.directory / ("manifest.json.sig" if name.endswith(".sig") else "manifest.json")
    shutil.copy(source, directory / name)
    assert verify(directory).lines == [f"NOT VALID: {message}"]


@pytest.mark.parametrize("field", ["run", "journal"])
def test_a_kept_one_is_of_this_run(tmp_path: Path, field: str) -> None:
    run = made(tmp_path / "run")
    made_anew(run.directory)
    kept, now = (run.directory / name for name in ("manifest.1.json", "manifest.json"))
    told = json.loads(kept.read_text())
    told[field] = {"run": INVENTED, "journal": {"lines": 1, "head": "a" * 64}}[field]
    kept.write_bytes(canonical(told))
    listed = json.loads(now.read_text())
    listed["files"]["manifest.1.json"] = facts(kept)
    now.write_bytes(canonical(listed))
    assert verify(run.directory).lines == [
        "NOT VALID: manifest.1.json was altered: it is of another journal than manifest.json"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 1}, "manifest.2.json was altered: its form is 1"),
        ({"rebuilt": None}, "only manifest.1.json can be the run's own"),
    ],
)
def test_a_later_one_is_not_called_the_run_s_own(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    run = made(tmp_path / "run")
    for text in (b"one", b"two"):
        made_anew(run.directory, None, {"report.html": text})
    kept, now = (run.directory / name for name in ("manifest.2.json", "manifest.json"))
    kept.write_bytes(canonical({**json.loads(kept.read_text()), **changes}))
    listed = json.loads(now.read_text())
    listed["files"]["manifest.2.json"] = facts(kept)
    now.write_bytes(canonical(listed))
    assert message in verify(run.directory).lines[0]


@pytest.mark.parametrize("lines", ["14", True, None, 0])
def test_a_manifest_says_how_many_lines_there_are(tmp_path: Path, lines: object) -> None:
    run = _sealed(tmp_path)
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["journal"]["lines"] = lines
    path.write_bytes(canonical(manifest))
    assert verify(run.directory).lines == [
        "NOT VALID: manifest.json was altered: it does not say how many lines journal.jsonl has"
    ]


def test_a_page_that_the_run_had_not_left_or_that_is_gone_is_told(tmp_path: Path) -> None:
    """The seal allows both, as both happen when reports are made anew by another runbook."""
    run = _sealed(tmp_path)
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())
    (run.directory / "plan.json").write_text("{}")
    (run.directory / "report.html").unlink()
    manifest["replaced"] = {"plan.json": {}, "report.html": manifest["files"].pop("report.html")}
    manifest["files"]["plan.json"] = facts(run.directory / "plan.json")
    path.write_bytes(canonical({**manifest, "rebuilt": "2026-11-05T06:07:08.000Z"}))
    (run.directory / "manifest.json.sig").unlink()
    assert (
        "made anew from the journal at 2026-11-05T06:07:08.000Z: the run had left none: plan.json;"
        " gone: report.html" in said(verify(run.directory, run.head))
    )


def test_pages_of_a_run_that_did_not_end_are_told(tmp_path: Path) -> None:
    """It writes them when it has told how it ended."""
    directory = killed(tmp_path)
    for name in ("evidence.html", "summary.json"):
        (directory / name).write_text("all is well")
    assert "no line of a journal tells of evidence.html, summary.json: " in said(verify(directory))


@pytest.mark.parametrize(
    "event", [{"event": "note", "text": "outputs/9999-x.csv"}, {"event": "run-started"}]
)
def test_words_of_a_person_tell_of_no_file(tmp_path: Path, event: dict[str, Any]) -> None:
    fields = {"text": "outputs/9999-x.csv"} if event["event"] == "note" else {}

    def told(run: Run) -> None:
        run.record(event["event"], fallback="outputs/9999-x.csv", **fields)
        run.record("observation", step="a", node="n", question="q", why="see outputs/9999-x.csv")

    directory = killed(tmp_path, told=told)
    (directory / "outputs/9999-x.csv").write_text("x")
    assert "no line of a journal tells of outputs/9999-x.csv" in said(verify(directory))


@pytest.mark.parametrize("name", [".notes.part", ".notes.txt"])
def test_a_hidden_file_is_no_part_of_one_that_a_run_writes(tmp_path: Path, name: str) -> None:
    directory = killed(tmp_path)
    (directory / name).write_text("x")
    assert f"no line of a journal tells of {name}: " in said(verify(directory))


def test_what_nobody_told_of_stays_so_when_reports_are_made(tmp_path: Path) -> None:
    directory = killed(tmp_path)
    (directory / "outputs/9999-x.csv").write_text("x")
    for text in (b"one", b"two"):
        found = made_anew(directory, None, {"report.html": text}).found()
        assert [one.partition(":")[0] for one in found] == ["outputs/9999-x.csv"]
        told = " ".join((directory / "VERIFY.txt").read_text().split())
        assert f". Found then: {found[0]}." in told
        assert "no line of a journal tells of outputs/9999-x.csv: " in said(verify(directory))


def test_a_journal_by_another_ending_is_none(tmp_path: Path) -> None:
    directory = killed(tmp_path)
    path = directory / "earlier" / f"{NAME}.jsonl"
    path.with_suffix(".bak").write_bytes(FIRST)
    assert f"earlier/{NAME}.bak was added" in said(verify(directory))


def test_a_line_that_lacks_its_end_alone_is_one_that_was_cut_off(tmp_path: Path) -> None:
    """As a power loss leaves it: nobody has altered anything."""
    directory = killed(tmp_path)
    path = directory / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    verdict = verify(directory)
    assert verdict.code == NOT_PROVED
    assert "its last line was cut off while it was written" in said(verdict)
    whole = path.read_bytes().rpartition(b"\n")[0].rpartition(b"\n")[2]
    assert f"head of the journal: {digest(whole)}" in said(verdict)


@pytest.mark.parametrize("name", ["journal.jsonl", f"earlier/{NAME}.jsonl"])
@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [
        ("MOST_LINES", 1, "it has more than 1 lines, which no run writes"),
        ("LONGEST", 20, "a line of it is longer than 0 MiB"),
    ],
)
def test_a_journal_that_no_run_writes_is_not_split_into_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: str, value: int, told: str
) -> None:
    """That takes many times its room."""
    directory = killed(tmp_path)
    if name != "journal.jsonl":
        monkeypatch.setattr(f"engine.verify.{limit}", 1 << 40)
    own = (directory / "journal.jsonl").read_bytes()
    plain = verify_module._check_size

    def check(raw: bytes, shown: str) -> None:
        if shown == name:
            with monkeypatch.context() as patch:
                patch.setattr(f"engine.verify.{limit}", value)
                plain(raw, shown)

    with monkeypatch.context() as patch:
        patch.setattr(f"engine.verify.{limit}", value)
        assert verify_module._read_by_line(directory / name) is None
    monkeypatch.setattr("engine.verify._read_by_line", lambda path: None)
    monkeypatch.setattr("engine.verify._check_size", check)
    assert verify(directory).lines == [f"NOT VALID: {name}: {told}"]
    assert own


def test_reports_from_before_the_end_are_told(tmp_path: Path) -> None:
    run = _sealed(tmp_path)
    made_anew(run.directory)
    path = run.directory / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_bytes(canonical({**manifest, "rebuilt": "1999-01-01T00:00:00.000Z"}))
    assert "; before the run had ended, at 2026-11-02T" in said(verify(run.directory))
