"""Lines that no run writes: a sentence that names the directory, exit code 4, no traceback."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.errors import UsageError
from engine.verify import GENESIS, digest
from tests.evidence import fivenodes
from tests.plugin.kit import CHANGE, CLOSING, Project, Saver
from tests.plugin.test_plugin_follow_up import tiny, verified_and_closed
from tests.rejudge.again import altered, contents, judged

__all__ = ["tiny"]

pytest_plugins = "pytester"
Odd = tuple[str, dict[str, Any]]
HUGE = 10**400
"""More than a float can hold."""

READS: dict[str, Callable[[Path, Path], Sequence[str]]] = {
    "report": lambda run, out: ("report", str(run)),
    "compare": lambda run, out: ("compare", str(run), str(run)),
    "bundle": lambda run, out: ("bundle", str(run), "--out", str(out)),
    "watch": lambda run, out: ("watch", "--once", str(run)),
}
ODD: dict[str, tuple[Odd, Sequence[str]]] = {
    "an event": (("observation", {"event": ["note"]}), ("report",)),
    "an outcome": (("result", {"outcome": ["x"]}), ("report", "compare", "bundle")),
    "a fact's value": (("fact", {"versions": "x"}), ("report",)),
    "a fact's name": (("fact", {"name": ["x"]}), ("report", "compare", "bundle")),
    "a finding's subject": (("finding", {"subject": ["x"]}), ("report",)),
    "a row": (("row", {"row": ["R01"]}), ("report", "compare", "bundle")),
    "a step": (("step-started", {"step": {"a": 1}}), ("report",)),
    "steps": (("steps", {"steps": "x"}), ("report", "compare", "bundle", "watch")),
    "a time": (("observation", {"time": "tomorrow"}), ("report", "watch")),
    "seconds": (("step-ended", {"seconds": "long"}), ("compare",)),
    "questions": (("probing", {"questions": HUGE}), ("report", "compare", "bundle")),
    "nodes": (("run-started", {"nodes": ["x"]}), ("watch",)),
    "an exit code": (("run-ended", {"exit_code": ["x"]}), ("watch",)),
    "since": (("service-gap", {"since": 5}), ("watch",)),
    "seconds of a gap": (("service-gap", {"seconds": HUGE, "state": "ended"}), ("watch",)),
}
CASES = [(what, command) for what, (_, commands) in ODD.items() for command in commands]


def chained(events: list[dict[str, Any]]) -> bytes:
    """These events as a journal, whoever has written them."""
    raw, previous = b"", GENESIS
    for number, event in enumerate(events, 1):
        line = json.dumps({**event, "seq": number, "prev": previous}).encode()
        raw, previous = raw + line + b"\n", digest(line)
    return raw


def bent(kind: str, change: dict[str, Any], run: Path) -> None:
    """A journal in which one event of this kind has other fields."""
    left_out = ("witnessed", "sealed")  # they hold the lines that this test alters
    events = [
        {name: without_file(value) for name, value in event.items()}
        for event in fivenodes.attempt()
        if event["event"] not in left_out
    ]
    event = next(e for e in events if e["event"] == kind and e.keys() >= change.keys())
    event |= change
    (run / "journal.jsonl").write_bytes(chained(events))


def without_file(value: Any) -> Any:
    """What is cited is not there."""
    return {"text": "said"} if isinstance(value, dict) and "file" in value else value


@pytest.mark.parametrize(("what", "command"), CASES)
def test_it_is_one_sentence(
    what: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    bent(*ODD[what][0], run)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    code = main(READS[command](run, tmp_path / "bundle.tar.gz"))
    said = capsys.readouterr()
    assert (code, said.err.count("\n"), said.err[:6]) == (4, 1, "ERROR:"), said
    assert str(run) in said.err
    assert "is missing" not in said.err, "refused for another reason"
    assert (said.out, sorted(path.name for path in tmp_path.rglob("*"))) == ("", before)


def with_odd(kind: str, change: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda event: {**event, **change} if event["event"] == kind else event


FOLLOWED: dict[str, Odd] = {
    "a change's key": ("intent", {"key": ["x"]}),
    "what it opens": ("intent", {"opens": 5}),
    "how it opens": ("intent", {"opens": ["x"]}),
    "what it closes": ("result", {"closes": 5}),
    "a fact's name": ("fact", {"name": ["x"]}),
    "missing runs": ("position", {"missing": 5}),
    "what was opened": ("attempt-opened", {"time": 5}),
    "commands": ("run-started", {"commands": ["x"], "cluster": "neteye.example.test"}),
}


@pytest.mark.parametrize("what", FOLLOWED)
def test_it_is_no_run_to_follow_up(tiny: Project, saver: Saver, what: str) -> None:
    saver.begun(tiny, verified_and_closed)
    kind, change = FOLLOWED[what]
    place = tiny.latest.parent / "20261130T000000Z-odd"
    altered(tiny.latest, place, with_odd(kind, change))
    if what == "commands":  # they are read for a run that was not verified
        altered(place, place.with_name("20261130T000001Z-odd"), without_facts)
        place = place.with_name("20261130T000001Z-odd")
    before = contents(tiny.path / "reports")
    result = tiny.run("--follow-up", f"reports/{place.name}")
    lines = [line for line in result.errlines if line.strip()]
    assert (result.ret, len(lines), lines[0][:6]) == (4, 1, "ERROR:"), lines
    assert place.name in lines[0]
    assert contents(tiny.path / "reports") == before


def without_facts(event: dict[str, Any]) -> dict[str, Any] | None:
    return None if event["event"] == "fact" else event


JUDGED: dict[str, Odd] = {
    "mode": ("run-started", {"mode": "x"}),
    "no mode": ("run-started", {"mode": ["x"]}),
    "scope": ("run-started", {"scope": 5}),
    "started": ("run-started", {"started": 5}),
    "nodes": ("run-started", {"nodes": ["x"]}),
    "roles": ("run-started", {"nodes": {"neteye01.neteyelocal": 5}}),
    "acceptances": ("run-started", {"acceptances": 5}),
    "an acceptance": ("run-started", {"acceptances": ["x"]}),
    "inventory": ("run-started", {"inventory": 5}),
    "follows": ("run-started", {"follows": 5}),
    "settings": ("run-started", {"given": "x"}),
    "a step": ("step-started", {"step": {"a": 1}}),
    "steps": ("steps", {"steps": "x"}),
    "an answer": ("observation", {"output": 5}),
    "a node": ("observation", {"node": ["x"]}),
    "a change's key": ("intent", {"key": ["x"]}),
    "what it opens": ("intent", {"opens": 5}),
    "a result": ("result", {"closes": 5}),
    "a finding": ("finding", {"event": "accepted"}),
    "a row": ("row", {"reason": 5}),
}


def changed(project: Project) -> None:
    project.steps(CHANGE + ODD_THING + CLOSING)
    assert project.run().ret == 0


ODD_THING = '''
@step("third.odd", after=["first.baseline"])
def test_odd(evidence):
    """Something is odd."""
    evidence.judge([bad(code="odd-thing")], observed="seen")
'''


@pytest.mark.parametrize("what", JUDGED)
def test_it_is_not_judged_again(project: Project, saver: Saver, tmp_path: Path, what: str) -> None:
    saver.begun(project, changed)
    odd = altered(project.latest, tmp_path / "odd", with_odd(*JUDGED[what]))
    before = contents(odd)
    with pytest.raises(UsageError) as raised:
        judged(project, odd)
    said = str(raised.value)
    assert said.startswith(str(odd))
    assert "INTERNALERROR" not in said
    assert "\n" not in said
    assert contents(odd) == before
