"""Evidence of a runbook that asked no machine who it is can still be judged."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from engine.attempt import remote
from engine.errors import Unanswered
from engine.model.answer import Lost, LostKind
from engine.model.query import Query, SqlQuery
from engine.queries.pacemaker import LEFT_TO_DO, STATUS
from engine.rejudge.look import RecordedLook
from engine.rejudge.record import Record
from engine.rejudge.start import inventory_of
from runbook.to_4_26.release import RELEASE
from runbook.to_4_26.settings import FAILOVER_PROOF, GLPI_CONFIG
from tests.engine import kit
from tests.parse.topology import cluster_file, crm_mon
from tests.rejudge.again import evidence_of


def asked(node: str, question: str, command: str, **fields: Any) -> dict[str, Any]:
    plain = {"step": "", "node": node, "question": question, "command": command}
    return kit.event("observation", **plain, **{"code": 0, "output": {"text": ""}, **fields})


def look(directory: Path, *events: dict[str, Any]) -> RecordedLook:
    place = directory / "recorded"
    place.mkdir()
    record = Record(evidence_of(place, [kit.event("run-started"), *events]))
    record.go_to("")
    return RecordedLook(kit.make_run(directory), record)


def test_its_first_questions_stand_for_the_one_of_now(tmp_path: Path) -> None:
    told = look(
        tmp_path,
        asked(kit.N, "a first answer", "true"),
        asked(kit.SECOND, "a first answer", "true", code=None, problem="no route to host"),
        asked(kit.N, "rehearsal marker", "test -f marker"),
        asked(kit.N, "/etc/neteye-cluster", "cat", output={"text": cluster_file(3)}),
    )
    assert not told.compares_machines
    who = told.who([kit.N, kit.SECOND])
    assert who.unanswered == {kit.SECOND: "no route to host"}
    seen = who.values[kit.N]
    assert seen.is_rehearsal
    assert seen.definition is not None
    assert seen.definition.active_node.hostname == kit.N


@pytest.mark.parametrize("problem", ["", "exit code 1 is no answer to this question. cat: no"])
def test_a_cluster_file_that_it_could_not_read_is_none(tmp_path: Path, problem: str) -> None:
    told = look(
        tmp_path,
        asked(kit.N, "a first answer", "true"),
        asked(kit.N, "rehearsal marker", "test -f marker", code=1),
        asked(
            kit.N, "/etc/neteye-cluster", "cat", code=1, **({"problem": problem} if problem else {})
        ),
    )
    seen = told.who([kit.N]).values[kit.N]
    assert not seen.is_rehearsal
    assert seen.definition is None
    assert seen.unreadable


def test_what_it_had_left_to_do_it_did_not_ask(tmp_path: Path) -> None:
    """It waited a second instead: no answer is missed, and the look after it is judged."""
    command = "crm_simulate --live-check --run"
    recorded = asked(kit.N, LEFT_TO_DO.name, command, output={"text": "Transition Summary:"})
    told = look(tmp_path, recorded)
    assert told.ask(kit.N, LEFT_TO_DO) == ()
    with pytest.raises(Unanswered, match="an older runbook waited"):
        told.ask(kit.N, LEFT_TO_DO)


QUESTION: Query[str] = Query("q", ("true",), lambda answer: answer.text)


@pytest.mark.parametrize(
    ("recorded", "kind"),
    [
        ({"lost": "authentication", "problem": "any words"}, LostKind.AUTHENTICATION),
        ({"lost": "identity", "problem": "any words"}, LostKind.IDENTITY),
        # as an older runbook told it: in words alone
        ({"problem": "it is another machine now: it was n1"}, LostKind.IDENTITY),
        ({"problem": "no route to host"}, LostKind.CONNECTION_LOST),
    ],
)
def test_what_kept_an_answer_away_is_what_it_was(
    tmp_path: Path, recorded: dict[str, str], kind: LostKind
) -> None:
    told = look(tmp_path, asked(kit.N, "q", "true", code=None, **recorded))
    with pytest.raises(Unanswered) as raised:
        told.ask(kit.N, QUESTION)
    assert isinstance(raised.value.__cause__, Lost)
    assert raised.value.__cause__.kind is kind


ROWS = SqlQuery("rows", "ocsweb", "SELECT 1", parse=list)
HERE, THERE = kit.N, kit.SECOND


def runs_on(node: str) -> dict[str, Any]:
    """The cluster's status, by which the database runs there."""
    text = crm_mon(3)
    before, _, rest = text.partition('id="mariadb"')
    moved = rest.replace(f'name="{kit.N}"', f'name="{node}"', 1)
    output = {"text": f'{before}id="mariadb"{moved}'}
    return asked(kit.N, STATUS.name, shlex.join(STATUS.argv), output=output)


def rows(node: str) -> dict[str, Any]:
    return asked(node, "rows", "SQL on ocsweb: SELECT 1", rows=0)


@pytest.mark.parametrize(
    "events",
    [
        # before each question to the database, as older runs did
        [runs_on(HERE), rows(HERE), runs_on(THERE), rows(THERE), runs_on(HERE)],
        # only when it may have moved
        [runs_on(HERE), rows(HERE), rows(HERE), runs_on(THERE)],
        [runs_on(THERE), rows(THERE), runs_on(HERE), rows(HERE), rows(HERE), runs_on(THERE)],
    ],
)
def test_the_status_is_taken_where_the_run_asked_for_it(
    tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    told = look(tmp_path, *({**event, "seq": 2 + n} for n, event in enumerate(events)))
    for _ in [event for event in events if event["question"] == "rows"]:
        assert told.sql(ROWS) == []
    database = told.cluster_status().resource(told.release.database_resource)
    assert database is not None
    (last,) = database.nodes
    assert events[-1] == runs_on(last)
    assert told._source.unasked == 0


def test_the_status_that_a_step_has_asked_for_itself_serves_its_next_question(
    tmp_path: Path,
) -> None:
    events = [runs_on(HERE), rows(HERE), runs_on(THERE), rows(THERE)]
    told = look(tmp_path, *({**event, "seq": 2 + n} for n, event in enumerate(events)))
    for node in (HERE, THERE):
        database = told.cluster_status().resource(told.release.database_resource)
        assert database is not None
        assert database.nodes == (node,)
        assert told.sql(ROWS) == []
    assert told._source.unasked == 0


GIVEN = {"cluster": "neteye.example.test", "environment": "staging", "failover_proof": True}


@pytest.mark.parametrize(
    ("told", "place"),
    [
        # as every run has written it down, and as one of before it did
        ({"given": {**GIVEN, "glpi_config": "/opt/glpi"}}, "/opt/glpi"),
        ({"given": None, "settings": {"runbook_failover_proof": "yes"}}, None),
    ],
)
def test_the_settings_of_the_step_are_those_of_the_run(
    told: dict[str, Any], place: str | None
) -> None:
    before = dict.fromkeys(("change_id", "release_notes_read", "fallback"))
    steering = {"runbook_environment": "staging", **told.get("settings", {})}
    begun = {"nodes": {}, "inventory": "x", "cluster": "c", **before, **told, "settings": steering}
    settings = inventory_of(begun, RELEASE).settings
    assert (settings[FAILOVER_PROOF], settings[GLPI_CONFIG]) == (True, place)


def test_the_records_are_read_by_the_command_of_older_runs() -> None:
    """Asked by another one, nothing of such a run could be judged: all steps build on them."""
    journals = Path(__file__).parents[1] / "data" / "records" / "attempt-of-69ed914"
    (journal,) = journals.rglob("*.jsonl")
    events = map(json.loads, journal.read_text().splitlines())
    asked_by = {e["command"] for e in events if e.get("question") == "records of earlier runs"}
    assert asked_by == {shlex.join(remote.script(remote.READ, remote.ROOT))}
