"""A run gives the head of its journal to others: at its begin, before the point of no return, at
its end.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from engine.model.answer import Answer, Lost
from engine.queries.identity import WHO
from engine.verify import NOT_PROVED, digest, verify
from tests.engine.kit import lost_connection, unreachable
from tests.engine.scripted import said
from tests.evidence.authority import Authority
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import (
    CHANGE,
    CLOSING,
    INVENTORY,
    NODES,
    RELEASE,
    SECOND,
    N,
    Project,
    assert_ended,
)

pytest_plugins = "pytester"

CHANGES = CHANGE + CLOSING


@pytest.fixture
def witnessed(project: Project) -> Project:
    project.release = replace(RELEASE, no_return="second.change")
    project.steps(CHANGES)
    return project


def lines(project: Project) -> list[tuple[str, str]]:
    return [(node, argv[-1]) for node, argv in project.cluster.asked if argv[0] == "logger"]


def test_three_heads_are_given_to_every_node_and_are_those_of_the_journal(
    witnessed: Project,
) -> None:
    assert_ended(witnessed, witnessed.run(), 0, "done")
    told = witnessed.events("witnessed")
    assert [event["moment"] for event in told] == ["begun", "no-return", "ended"]
    assert all(event["nodes"] == list(NODES) for event in told)
    raw = (witnessed.latest / "journal.jsonl").read_bytes().split(b"\n")
    assert [event["head"] for event in told] == [digest(raw[event["line"] - 1]) for event in told]
    assert len(lines(witnessed)) == 3 * len(NODES)
    assert problems_of_run(witnessed.latest) == []
    (intent,) = witnessed.events("intent")
    assert told[1]["seq"] + 1 == intent["seq"]


def test_what_the_nodes_have_is_what_verify_holds_the_journal_to(witnessed: Project) -> None:
    witnessed.run()
    stamp = "Nov 30 01:12:33"
    text = "\n".join(
        f"{stamp} {node} neteye-runbook[4711]: {line}" for node, line in lines(witnessed)
    )
    done = verify(witnessed.latest, witnesses=[witnessed.write("node.txt", text)])
    assert done.code == NOT_PROVED
    assert "proved in part" in done.lines[0]
    assert any("system journal of" in line and SECOND in line for line in done.lines)


@pytest.mark.parametrize("options", [("--plan",), ("--restore", "--plan")])
def test_a_plan_writes_on_no_node(witnessed: Project, options: tuple[str, ...]) -> None:
    witnessed.run(*options)
    assert lines(witnessed) == []
    assert witnessed.events("witnessed") == []


@pytest.mark.parametrize(
    "fault", [said(code=1, stderr="logger: no"), lost_connection(SECOND)], ids=["fails", "lost"]
)
def test_a_node_that_takes_no_line_keeps_no_run_from_its_end(
    witnessed: Project, monkeypatch: pytest.MonkeyPatch, fault: Answer | Lost
) -> None:
    plain = witnessed.cluster._reply

    def reply(node: str, argv: tuple[str, ...], stdin: object) -> object:
        return fault if (node, argv[0]) == (SECOND, "logger") else plain(node, argv, stdin)

    monkeypatch.setattr(witnessed.cluster, "_reply", reply)
    result = witnessed.run()
    assert_ended(witnessed, result, 0, "done")
    assert all(set(event["missing"]) == {SECOND} for event in witnessed.events("witnessed"))
    result.stdout.fnmatch_lines([f"*not in the system journal of every node: {SECOND}*"])


def test_the_same_heads_are_stamped_when_an_authority_is_named(
    witnessed: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = Authority(tmp_path_factory.mktemp("authority"))
    with made.serving() as authority:
        settings = (
            f"runbook_timestamp_url = {authority.url}\nrunbook_timestamp_ca = {authority.ca}\n"
        )
        witnessed.write("inventory.ini", INVENTORY + settings)
        assert_ended(witnessed, witnessed.run(), 0, "done")
    files = sorted(path.name for path in (witnessed.latest / "timestamps").iterdir())
    told = witnessed.events("witnessed")
    assert files == [f"{e['line']:04}-{e['moment']}.tsr" for e in told]
    assert problems_of_run(witnessed.latest) == []
    done = verify(witnessed.latest, timestamp_ca=authority.ca)
    lines = [line for line in done.lines if " existed at " in line]
    assert [int(re.findall(r"up to line (\d+)", line)[0]) for line in lines] == [
        event["line"] for event in told
    ]
    manifest = json.loads((witnessed.latest / "manifest.json").read_text())
    assert {f"timestamps/{name}" for name in files} <= set(manifest["files"])


def test_an_authority_that_is_gone_stops_nothing(witnessed: Project) -> None:
    settings = "runbook_timestamp_url = http://127.0.0.1:9/\n"
    witnessed.write("inventory.ini", INVENTORY + settings)
    result = witnessed.run()
    assert_ended(witnessed, result, 0, "done")
    result.stdout.fnmatch_lines(["*the journal's head has no time stamp: *refused*"])
    assert all("refused" in event["stamp"]["problem"] for event in witnessed.events("witnessed"))


def test_each_message_has_a_head_that_verify_takes_for_a_witness(witnessed: Project) -> None:
    witnessed.write("inventory.ini", f"{INVENTORY}runbook_notify_command = sh -c 'cat >> told'\n")
    assert_ended(witnessed, witnessed.run(), 0, "done")
    told = witnessed.path / "told"
    occasions = [json.loads(line)["occasion"] for line in told.read_text().splitlines()]
    assert [one for one in occasions if one != "phase"] == ["begun", "no-return", "end"]
    assert [e["occasion"] for e in witnessed.events("notified")] == occasions
    done = verify(witnessed.latest, witnesses=[told])
    assert done.code == NOT_PROVED
    heads = [e["line"] for e in witnessed.events("notified")]
    for line, occasion in zip(heads, occasions, strict=True):
        assert any(f"line {line} of journal.jsonl ({occasion})" in text for text in done.lines)
    assert problems_of_run(witnessed.latest) == []


def test_a_plan_sends_no_head_at_its_begin(witnessed: Project) -> None:
    witnessed.write("inventory.ini", f"{INVENTORY}runbook_notify_command = sh -c 'cat >> told'\n")
    witnessed.run("--plan")
    assert [e["occasion"] for e in witnessed.events("notified")] == ["end"]


def test_a_run_without_the_lock_tells_nobody(witnessed: Project) -> None:
    witnessed.cluster.answer[N, WHO.argv] = unreachable(N)
    witnessed.run()
    assert lines(witnessed) == []
    assert witnessed.events("witnessed") == []


def test_a_run_that_goes_on_behind_the_point_of_no_return_has_begin_and_end(
    witnessed: Project,
) -> None:
    witnessed.run()
    witnessed.run()
    assert [event["moment"] for event in witnessed.events("witnessed")] == ["begun", "ended"]
