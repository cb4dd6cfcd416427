"""Reports of a journal's file, of which most answers stay on the disk: as of all of its events."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.model.event import Event
from engine.queries.neteye import VERSION
from engine.record.journal import Journal
from engine.record.lines import JournalFile
from engine.record.reach import cut_offs_of
from engine.record.told import is_plain
from engine.report.audit.page import page_of
from engine.report.evidence_files import read_evidence
from engine.report.hand_over import hand_over
from engine.report.summary import summary_of
from tests.engine.kit import SECOND, N, event
from tests.evidence.journals import (
    afterwards,
    asked,
    chained,
    finished,
    interrupted,
    lasting,
    long,
    of_run,
    started,
    status,
    step,
    whole,
)

LOST = {"problem": "no route to host", "lost": "unreachable", "code": None, "output": {}}
TEXT = "an answer"


def unreached() -> list[dict[str, Any]]:
    """The way to a node is lost twice; it is asked often between and after."""
    answers = [asked(n, node=node) for n in range(20, 60) for node in (N, SECOND)]
    return [
        started(),
        step("preflight.one", 10, 100)[0],
        *answers[:20],
        asked(30.5, node=SECOND, **LOST),
        *answers[20:50],
        event("connection", 46, step="", node=N, state="lost", why="timeout"),
        *answers[50:],
        step("preflight.one", 10, 100)[1],
        event("run-ended", 101, outcome="done", exit_code=0),
    ]


def killed() -> list[dict[str, Any]]:
    """It ends with an answer, after a clock that was set back between two others."""
    back = [asked(200), asked(90), asked(91), status(92), status(93), status(94)]
    return [*whole()[:-3], *back, lasting(95, 92, SECOND, "entered"), status(96), asked(97)]


def odd() -> list[dict[str, Any]]:
    """Answers that others go by than lists."""
    texts = [f"NetEye release 4.{20 + number}" for number in range(6)]
    versions = [asked(n, question=VERSION.name, output={"text": t}) for n, t in enumerate(texts)]
    secret = asked(7, question="a secret", output={"text": "(not recorded: secret)"})
    lost = asked(30, question="too long", output={"text": "x", "not_kept": "the disk was full"})
    more = [asked(n) for n in range(9, 30)]
    return [started(), asked(0), *versions, secret, *more, lost, asked(31)]


RUNS = {
    "whole": [whole()],
    "long": [long(4000, TEXT)],
    "unreached": [unreached()],
    "killed": [killed()],
    "odd": [odd()],
    "several": [interrupted(), finished(), afterwards()],
    "killed before": [killed(), unreached(), long(200, TEXT)],
}


def written(directory: Path, runs: Sequence[Sequence[dict[str, Any]]]) -> list[list[Event]]:
    """The directory of the last run, the others in `earlier/`; the events of each."""
    names = [f"2026110{number}T000000Z-neteye-{number:04}" for number in range(1, len(runs) + 1)]
    all_events: list[list[Event]] = []
    (directory / "earlier").mkdir(parents=True)
    for number, (name, events) in enumerate(zip(names, runs, strict=True)):
        own: list[Event] = [*of_run(name, events, 1000.0 * number)]
        is_last = number == len(runs) - 1
        path = directory / ("journal.jsonl" if is_last else f"earlier/{name}.jsonl")
        path.write_bytes(chained(own))
        all_events.append(own)
    return all_events


@pytest.mark.parametrize("name", RUNS)
def test_reports_are_those_of_all_events(tmp_path: Path, name: str) -> None:
    *before, own = written(tmp_path, RUNS[name])
    earlier = [one for events in before for one in events]
    own = [{**one, "prev": line["prev"]} for one, line in zip(own, read(tmp_path), strict=True)]
    evidence = read_evidence(tmp_path)
    summary = summary_of(own, earlier)
    assert summary_of(evidence.own, evidence.earlier) == summary
    pages = hand_over(summary, evidence.own, evidence.earlier)
    assert pages == hand_over(summary, own, earlier)
    page = page_of(own, earlier).decode()
    assert page_of(evidence.own, evidence.earlier, None, evidence.of_step).decode() == page


@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_by_the_same_as_whoever_reads_its_file(tmp_path: Path, name: str) -> None:
    """The journal in memory, while the run works and when it ends."""
    *_, own = written(tmp_path, RUNS[name])
    times = iter([datetime.fromisoformat(one["time"]) for one in own])
    journal = Journal(tmp_path / "again.jsonl", own[0]["run"], str, lambda: next(times))
    for one in own:
        fields = {k: v for k, v in one.items() if k not in ("schema", "run", "seq", "time")}
        journal.record(fields.pop("event"), **fields)
        assert journal.events[-1] == journal.last, "also while nobody knows what comes next"
    file = JournalFile(tmp_path / "again.jsonl")
    assert journal.told_events() == file.told
    assert list(journal) == list(file)
    for step_name in {str(one.get("step") or "") for one in own}:
        assert list(journal.of_step(step_name)) == list(file.of_step(step_name))


def read(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "journal.jsonl").open("rb")]


@pytest.mark.parametrize("name", RUNS)
def test_its_file_has_all_of_a_step(tmp_path: Path, name: str) -> None:
    written(tmp_path, RUNS[name])
    events, journal = read(tmp_path), JournalFile(tmp_path / "journal.jsonl")
    assert list(journal) == events
    for step_name in {str(one.get("step") or "") for one in events}:
        mine = [one for one in events if str(one.get("step") or "") == step_name]
        assert list(journal.of_step(step_name)) == mine


def test_more_answers_take_no_more_memory(tmp_path: Path) -> None:
    (few,), (many,) = (written(tmp_path / str(count), [long(count, TEXT)]) for count in (100, 3000))
    assert len(many) == len(few) + 2900
    of_few, of_many = (JournalFile(tmp_path / n / "journal.jsonl") for n in ("100", "3000"))
    assert len(of_many.told) == len(of_few.told) < 50


def test_when_a_node_was_reached_again_is_told(tmp_path: Path) -> None:
    (own,) = written(tmp_path, [unreached()])
    told = read_evidence(tmp_path).own
    assert cut_offs_of(told) == cut_offs_of(own) != []
    assert sum(map(is_plain, told)) < sum(map(is_plain, own)) / 4


def test_lines_that_were_handed_over_twice_count_once(tmp_path: Path) -> None:
    before, _ = written(tmp_path, [unreached(), whole()])
    path = tmp_path / "earlier" / f"{before[0]['run']}.jsonl"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:30], *lines[20:]]))
    (journal,) = read_evidence(tmp_path).before.values()
    assert [one["seq"] for one in journal] == [one["seq"] for one in before]
    assert list(journal.told) == list(journal)
