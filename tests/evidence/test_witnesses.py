"""`verify` holds journals to what system journals of nodes have; the page names who has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from re import _parser as sre_parse  # type: ignore[attr-defined]
from typing import Any

import pytest

from engine import verify
from engine.prove.seal import seal
from engine.record.journal import Journal
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.audit.rests import rests_on
from engine.report.summary import summary_of
from engine.verify import NOT_PROVED, NOT_VALID, VALID, WITNESS_LINE, WITNESSED
from tests.engine import kit
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals
from tests.evidence.sealed import Signed

OTHER = "20261101T000000Z-neteye.example.test-aaaa"


def line(run: str, number: int, head: str, moment: str = "ended") -> str:
    """As `logger` was given it."""
    return WITNESS_LINE.format(run=run, attempt="a-1", moment=moment, line=number, head=head)


def printed(*each: str, host: str = "neteye01") -> str:
    """As `journalctl -t neteye-runbook` prints them."""
    return "".join(f"Nov 30 01:12:33 {host} neteye-runbook[4711]: {text}\n" for text in each)


@pytest.fixture
def run(tmp_path: Path) -> Signed:
    """A run that has told its head twice, in the directory of which an earlier journal lies."""
    made = kit.make_run(tmp_path / "run", signing_key=tmp_path / "none")
    for moment in ("begun", "ended"):
        made.record("note", step="", text="something")
        last = rests_on(made.journal.events)
        told = {"line": last.line, "head": last.sha256, "nodes": [N], "missing": {}}
        made.record(WITNESSED, step="", moment=moment, **told)
    (made.directory / "earlier").mkdir()
    earlier = Journal(made.directory / "earlier" / f"{OTHER}.jsonl", OTHER, str)
    earlier.record("note", step="", text="before")
    earlier.close()
    sealed = seal(made)
    return Signed(made.directory, sealed.head, tmp_path / "allowed", sealed)


def heads(run: Signed, name: str = "journal.jsonl") -> list[str]:
    from engine.verify import digest

    raw = (run.directory / name).read_bytes().splitlines()
    return [digest(one) for one in raw]


def seen_by(run: Signed, text: str, *more: str) -> Any:
    path = run.directory.parent / "node.txt"
    path.write_text(text)
    return run.verify("--witness", str(path), *more)


def test_a_run_of_the_attempt_that_only_a_node_knows_is_told(tmp_path: Path) -> None:
    """The one trace of a run that was left out, or that came afterwards."""
    made = kit.make_run(tmp_path / "run", signing_key=tmp_path / "none")
    made.record("position", position="x", attempt="a-1")
    sealed = seal(made)
    run = Signed(made.directory, sealed.head, tmp_path / "allowed", sealed)
    own = line(kit.RUN_ID, 1, heads(run)[0], "begun")
    text = printed(
        own, line("another", 4, "f" * 64), line("foreign", 4, "f" * 64).replace("a-1", "z")
    )
    done = seen_by(run, text, "--head", run.head)
    assert (
        "  missing: node.txt has a run of this attempt of which no journal is here: another (ended,"
        " line 4)\n"
    ) in done.stdout
    assert "foreign" not in done.stdout


def test_a_node_that_has_the_same_proves_the_journal_up_to_there(run: Signed) -> None:
    own = [line(kit.RUN_ID, n, heads(run)[n - 1], m) for n, m in ((1, "begun"), (3, "ended"))]
    done = seen_by(run, printed(line("another", 4, "f" * 64), *own))
    assert done.returncode == NOT_PROVED, done.stdout
    assert done.stdout.startswith("consistent, proved in part: ")
    assert (
        "  line 1 of journal.jsonl (begun), line 3 of journal.jsonl (ended) is as the system"
        " journal of neteye01 has it (node.txt)\n"
    ) in done.stdout
    assert seen_by(run, printed(*own), "--head", run.head).returncode == VALID


@pytest.mark.parametrize("form", ["{}\n", '{{"SYSLOG_IDENTIFIER":"x","MESSAGE":"{}"}}\n'])
def test_other_forms_of_journalctl_are_read_as_well(run: Signed, form: str) -> None:
    text = form.format(line(kit.RUN_ID, 3, heads(run)[2]))
    assert "line 3 of journal.jsonl (ended) is as the system" in seen_by(run, text).stdout


def test_a_journal_that_was_written_anew_is_another_one(run: Signed) -> None:
    done = seen_by(run, printed(line(kit.RUN_ID, 3, "0" * 64)))
    assert done.returncode == NOT_VALID
    assert "journal.jsonl: line 3 is not the one that node.txt has (ended, sha256 0" in done.stdout


def test_a_journal_that_lacks_its_end_is_another_one(run: Signed) -> None:
    assert seen_by(run, printed(line(kit.RUN_ID, 812, "a" * 64))).returncode == NOT_VALID


def test_an_excerpt_without_a_word_of_the_run_proves_nothing(run: Signed) -> None:
    for text in ("", printed(line("another", 4, "f" * 64)), "\0\xff\n"):
        done = seen_by(run, text)
        assert done.returncode == NOT_VALID
        assert f"node.txt has no line about this run, {kit.RUN_ID}" in done.stdout


def test_the_journals_of_earlier_runs_are_held_to_it_as_well(run: Signed) -> None:
    own, name = line(kit.RUN_ID, 3, heads(run)[2]), f"earlier/{OTHER}.jsonl"
    good = seen_by(run, printed(own, line(OTHER, 1, heads(run, name)[0], "begun")))
    assert f"line 1 of {name} (begun)" in good.stdout
    bad = seen_by(run, printed(own, line(OTHER, 1, "a" * 64)))
    assert bad.returncode == NOT_VALID
    assert f"{name}: line 1 is not the one" in bad.stdout
    # N has only what was handed to it before that run was killed
    assert seen_by(run, printed(own, line(OTHER, 9, "a" * 64))).returncode == NOT_PROVED


@pytest.mark.parametrize("one", ["x", " ", "run ", "0", "neteye-runbook[", "node neteye-runbook: "])
def test_a_long_line_of_one_kind_hides_nothing(run: Signed, one: str) -> None:
    own = line(kit.RUN_ID, 3, heads(run)[2])
    done = seen_by(run, one * (100_000 // len(one)) + f" {own}\n")
    assert "line 3 of journal.jsonl (ended) is as the system journal" in done.stdout


def test_no_part_of_a_line_is_looked_at_more_often_than_so_many_times() -> None:
    """So a line takes time by its length, and not by the square of it: from each character on
    no more than a line of a run is read, and nothing is repeated within what is repeated."""
    parsed = sre_parse.parse(verify._WITNESS.pattern)
    assert parsed.getwidth()[1] < 3 * 255 + len(line("", 0, "f" * 64)) + 100
    repeated = list(repeats(parsed))
    assert (255, False) in repeated
    assert [times for times, within in repeated if within] == []


def repeats(parsed: Any, within: bool = False) -> Iterator[tuple[int, bool]]:
    """Of each part that may be there more than once: how often, and whether in another such."""
    for kind, what in parsed:
        if str(kind) in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, inner = what
            if most > 1:
                yield int(most), within
            yield from repeats(inner, within or most > 1)
        elif str(kind) == "SUBPATTERN":
            yield from repeats(what[-1], within)


def test_a_file_that_is_not_there_is_wrong_use(run: Signed) -> None:
    done = run.verify("--witness", "/no/such/file")
    assert done.returncode == 4
    assert "/no/such/file: can't be read" in done.stderr


def test_a_head_that_is_none_of_the_journals_lines_was_never_given(tmp_path: Path) -> None:
    made = kit.make_run(tmp_path / "run", signing_key=tmp_path / "none")
    made.record("note", step="", text="something")
    told = {"line": 1, "head": "a" * 64, "nodes": [N], "missing": {}}
    made.record(WITNESSED, step="", moment="begun", **told)
    sealed = seal(made)
    done = Signed(made.directory, sealed.head, tmp_path / "allowed", sealed).by_head()
    assert done.returncode == NOT_VALID
    assert (
        "journal.jsonl: line 1 was altered: by line 2 others were given another hash" in done.stdout
    )


# the page


def given(moment: str, at: float, **fields: Any) -> dict[str, Any]:
    plain = {"line": 7, "head": "c" * 64, "nodes": [N, SECOND], "missing": {}}
    return event(WITNESSED, at, step="", moment=moment, **{**plain, **fields})


def whole(*told: dict[str, Any]) -> list[dict[str, Any]]:
    first, *others, last = journals.whole()
    first["no_return"] = "upgrade.run"
    return [first, event("lock-taken", 0.1, generation=1), *others, *told, last]


def answer(events: list[dict[str, Any]]) -> Any:
    found = index_of(summary_of(events), events)
    return next(one for one in found if one.question == "Outside witness")


def section(events: list[dict[str, Any]]) -> str:
    text = render(events, []).partition('id="witnesses"')[2].partition("<h3")[0]
    assert text
    return text


def test_the_page_says_who_has_which_head() -> None:
    events = whole(given("begun", 2), given("ended", 98, line=42, head="d" * 64))
    text = section(events)
    assert re.search(r"at its end.*42.*d{64}", text, re.S)
    assert "2 system journals" in text
    assert 'class="missing"' not in text
    assert answer(events).missing == ""


def test_what_has_no_witness_is_said() -> None:
    missing = {SECOND: "logger: socket /dev/log: No such file"}
    events = whole(given("begun", 2, nodes=[N], missing=missing))
    text = section(events)
    assert f"{SECOND}: logger: socket" in text
    assert "of its end nobody was told" in text
    assert answer(events).missing == "of its end nobody was told (run 1)"
    none = answer(whole(given("begun", 2, nodes=[], missing={N: "x"}), given("ended", 98)))
    assert none.missing == "of its begin nobody was told (run 1)"


def test_the_point_of_no_return_that_was_passed_needs_one() -> None:
    intent = kit.intent("upgrade.run[1]")
    events = whole(given("begun", 2), intent, given("ended", 98))
    assert answer(events).missing == "of the point of no return nobody was told (run 1)"
    assert (
        answer(whole(given("begun", 2), given("no-return", 9), intent, given("ended", 98))).missing
        == ""
    )


def test_an_older_run_and_a_plan_have_none() -> None:
    assert answer(whole()).missing == "nobody was told the head of the journal (older runbook)"
    plan = [journals.started(mode="plan"), event("run-ended", 9, outcome="planned", exit_code=0)]
    assert answer(plan).answer == "a run that does not have the cluster tells nobody"
    assert answer(plan).missing == ""
