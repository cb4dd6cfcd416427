"""Whether inventories that agents send are stored, by the database's rows and httpd's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import Unanswered
from engine.judge.weighing import Judge
from engine.model.query import Asked, SqlQuery
from engine.record.evidence import Evidence
from runbook.to_4_26 import test_72_verification_ocs as verification
from runbook.to_4_26 import test_92_closing_agents as closing
from runbook.to_4_26 import test_97_follow_up as follow_up
from runbook.to_4_26.actions.backup import VERIFIED
from runbook.to_4_26.httpd import inventories, served
from runbook.to_4_26.httpd.activity import Activity
from runbook.to_4_26.httpd.checks import Agents, inventories_now
from runbook.to_4_26.httpd.inventories import Stored
from runbook.to_4_26.memories.comparison import DATABASE_CLOCK
from runbook.to_4_26.presence import Presence
from runbook.to_4_26.severities import SEVERITIES
from tests.engine import kit

N = "neteye01"
SINCE = datetime(2026, 11, 30, 2, 0)
NOW = datetime(2026, 11, 30, 3, 0)
LAST = SINCE + timedelta(minutes=4)
CODE = "ocs-inventories-not-stored"


def answered(answers: Mapping[int, int], *, logs: tuple[str, ...] = ("/l",)) -> Activity:
    return Activity(SINCE, SINCE, 600, logs=logs, answers=answers)


def stored(contacts: int = 0, machines: int = 0) -> Stored:
    return Stored(SINCE, contacts, machines, LAST if machines else None, 2 * machines)


def found(
    answers: Mapping[int, int], rows: Stored, before: Mapping[int, int] | None = None
) -> list[str]:
    fact = None if before is None else served.as_fact(answered(before))
    findings = inventories.inventories_findings(answered(answers), rows, fact, N)
    assert {finding.code for finding in findings} <= {CODE}
    return [finding.observed for finding in findings]


@pytest.mark.parametrize(
    ("answers", "rows", "before"),
    [
        # nobody has come
        ({}, stored(), {}),
        ({}, stored(), None),
        # questions alone: none was due
        ({200: 3}, stored(contacts=3), {200: 9}),
        # a new machine has asked, and its inventory is on its way
        ({200: 1}, stored(), {200: 9}),
        ({200: 6}, stored(contacts=3, machines=3), {200: 9}),
        # a row of an agent whose POST another log has
        ({}, stored(contacts=1, machines=1), {200: 9}),
        # the server fails: another finding says that
        ({500: 3}, stored(), {200: 9}),
        # a login of two steps: each agent's first POST is turned away, as before
        ({200: 6, 401: 3}, stored(contacts=3, machines=3), {200: 20, 401: 10}),
        # one in twenty, as before, but for chance
        ({200: 18, 400: 2}, stored(contacts=9, machines=9), {200: 9500, 400: 500}),
        ({200: 940, 400: 60}, stored(contacts=9, machines=9), {200: 9500, 400: 500}),
        # nobody knows how many were turned away before, and some get through
        ({200: 6, 400: 3}, stored(contacts=3, machines=3), None),
        ({200: 6, 400: 3}, stored(contacts=3, machines=3), {}),
    ],
)
def test_what_is_no_reason_to_worry(
    answers: dict[int, int], rows: Stored, before: dict[int, int] | None
) -> None:
    assert found(answers, rows, before) == []


@pytest.mark.parametrize(
    ("answers", "rows", "before", "says"),
    [
        ({200: 2}, stored(), {200: 9}, "2 POSTs of agents were answered with 200, and no machine"),
        ({200: 4}, stored(), {200: 9}, "4 POSTs of agents were answered with 200, and no machine"),
        ({400: 2}, stored(), None, "2 POSTs of agents were turned away, and none got 200"),
        ({400: 2}, stored(), {}, "2 POSTs of agents were turned away, and none got 200"),
        ({400: 2}, stored(), {200: 9}, "2 of 2 POSTs of agents were turned away; before the"),
        ({301: 2}, stored(), {200: 9}, "2 of 2 POSTs of agents were turned away; before the"),
        ({302: 2}, stored(), None, "2 POSTs of agents were turned away, and none got 200"),
        (
            {200: 900, 400: 100},
            stored(contacts=45, machines=45),
            {200: 9500, 400: 500},
            "100 of 1000 POSTs of agents were turned away; before the upgrade 500 of 10000",
        ),
        # one maker's agents, which the new server does not take
        (
            {200: 90, 400: 10},
            stored(contacts=45, machines=45),
            {200: 100},
            "10 of 100 POSTs of agents were turned away; before the upgrade 0 of 100",
        ),
        (
            {200: 80, 401: 20},
            stored(contacts=45, machines=45),
            {200: 90, 401: 10},
            "20 of 100 POSTs of agents were turned away; before the upgrade 10 of 100",
        ),
    ],
)
def test_what_is_told(
    answers: dict[int, int], rows: Stored, before: dict[int, int] | None, says: str
) -> None:
    (observed,) = found(answers, rows, before)
    assert observed.startswith(says)
    assert rows.sentence() in observed


def test_a_baseline_of_before_has_no_count_of_those_turned_away() -> None:
    fact = {"since": "2026-11-29 01:00:00", "posts": 100, "failures": 0}
    some = inventories.inventories_findings(answered({200: 9, 400: 1}), stored(5, 5), fact, N)
    none = inventories.inventories_findings(answered({400: 1}), stored(), fact, N)
    assert (len(some), len(none)) == (0, 1)


def test_without_an_access_log_the_rows_alone_are_told() -> None:
    blind = answered({}, logs=())
    assert inventories.inventories_findings(blind, stored(), None, N) == []
    look = Look(blind, stored(2, 2))
    seen = inventories_now(look, look.agents, NOW)  # type: ignore[arg-type]
    assert "inventories of 2 machines stored" in seen.observed
    assert "what agents get is not known" in seen.observed


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (stored(), "none reported yet since 2026-11-30 02:00:00"),
        (stored(contacts=3), "and 3 machines asked: no inventory was due"),
        (stored(5, 3), "inventories of 3 machines stored since 2026-11-30 02:00:00"),
        (stored(5, 3), "the last at 2026-11-30 02:04:00, with 6 rows of memories"),
    ],
)
def test_what_was_stored_is_said(rows: Stored, says: str) -> None:
    assert says in rows.sentence()


class Look:
    """The database answers `rows`; the logs are `agents`."""

    def __init__(self, logs: Activity | None, rows: Stored, **facts: Any) -> None:
        self.agents = Agents(N, "/var/log/ocs", logs, "LOGLEVEL is 0")
        self.rows = rows
        self.asked: list[SqlQuery[Any]] = []
        self.baseline: Mapping[str, Any] | None = None
        self.memory = SimpleNamespace(closed=False, facts=facts, changes={})
        self.clock = NOW
        """The database's."""
        self.upgraded = NOW
        self.schemas = frozenset({"ocsweb"})

    def sql(self, query: SqlQuery[Any]) -> Any:
        if query.database not in self.schemas:
            raise Unanswered(N, query.name, f"Unknown database '{query.database}'")
        if query is DATABASE_CLOCK:
            return self.clock
        self.asked.append(query)
        return self.rows

    def count(self) -> Agents:
        """Access logs of gigabytes: what was there when they were begun is minutes old."""
        self.clock += timedelta(minutes=5)
        return self.agents


def test_no_other_clock_than_the_database_s_counts() -> None:
    """Ten minutes ago by the node's clock, whatever that shows: ten minutes ago there."""
    look = Look(answered({200: 1}), stored(1, 1))
    inventories_now(look, look.agents, NOW)  # type: ignore[arg-type]
    (query,) = look.asked
    assert query.params == (NOW - timedelta(minutes=10),)


def test_without_httpd_nothing_can_be_told_and_nothing_is_asked() -> None:
    look = Look(None, stored())
    seen = inventories_now(look, look.agents, NOW)  # type: ignore[arg-type]
    assert (seen.findings, look.asked) == ([], [])
    assert "no main process" in seen.observed


def test_days_later_the_rows_since_the_upgrade_count_also_without_httpd() -> None:
    look = Look(None, stored(5, 4))
    seen = inventories_now(look, look.agents, NOW, SINCE)  # type: ignore[arg-type]
    assert look.asked[0].params == (SINCE,)
    assert "inventories of 4 machines" in seen.observed


def _verified(look: Look, evidence: Evidence) -> None:
    verification.test_inventories(look, evidence)  # type: ignore[arg-type]


def _closed(look: Look, evidence: Evidence) -> None:
    closing.test_agents(look, evidence)  # type: ignore[arg-type]


def _followed_up(look: Look, evidence: Evidence) -> None:
    facts = {VERIFIED: {"moment": look.upgraded.isoformat()}}
    session = SimpleNamespace(run=SimpleNamespace(follows=SimpleNamespace(facts=facts)))
    follow_up.test_inventories(session, look, evidence)  # type: ignore[arg-type]


STEPS = {
    verification: ("verification.inventories", _verified),
    closing: ("closing.agents", _closed),
    follow_up: ("followup.inventories", _followed_up),
}


@pytest.fixture(params=STEPS, ids=lambda module: STEPS[module][0])
def ask(
    request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Look], Evidence]:
    module = request.param
    name, step = STEPS[module]

    def presence(look: Look) -> tuple[Presence, Asked[bool]]:
        return Presence((N,), look.schemas, 2), Asked("there", {N: True})

    monkeypatch.setattr(module, "presence", presence)
    monkeypatch.setattr(module, "has_ocs_server", lambda *_: True)
    monkeypatch.setattr(module, "agents_now", Look.count)
    monkeypatch.setattr(verification.failover_record, "is_under_way", lambda _: False)
    run = kit.make_run(tmp_path)
    run.judge = Judge(SEVERITIES)

    def asked(look: Look) -> Evidence:
        evidence = Evidence(run, name, ())
        step(look, evidence)
        return evidence

    return asked


def test_each_step_says_what_was_stored(ask: Callable[[Look], Evidence]) -> None:
    said = " ".join(ask(Look(answered({200: 2}), stored(1, 1))).reasons)
    assert "inventories of 1 machine stored" in said
    assert "2 POSTs of agents answered" in said
    assert "does not tell an inventory from the question" in said
    assert "none reported yet" in " ".join(ask(Look(answered({}), stored())).reasons)


def test_rows_are_looked_for_as_far_back_as_answers_however_long_they_were_counted(
    ask: Callable[[Look], Evidence],
) -> None:
    look = Look(answered({200: 2}), stored(1, 1))
    ask(look)
    assert [query.params for query in look.asked] == [(NOW - timedelta(minutes=10),)]


def test_the_follow_up_looks_for_rows_since_the_upgrade_if_that_is_longer_ago(
    ask: Callable[[Look], Evidence],
) -> None:
    look = Look(answered({200: 2}), stored(1, 1))
    look.upgraded = SINCE
    evidence = ask(look)
    since = SINCE if evidence.step == "followup.inventories" else NOW - timedelta(minutes=10)
    assert look.asked[-1].params == (since,)


def test_without_the_database_no_step_asks_it(ask: Callable[[Look], Evidence]) -> None:
    """A server that uses another one, which was accepted before the start, or none."""
    look = Look(answered({200: 2}), stored())
    look.schemas = frozenset()
    evidence = ask(look)
    assert not evidence.blocking
    if evidence.step == "closing.agents":
        assert "2 POSTs of agents answered" in " ".join(evidence.reasons)
    else:
        assert evidence.outcome == "not applicable"


def test_each_step_warns_and_goes_on(ask: Callable[[Look], Evidence]) -> None:
    evidence = ask(Look(answered({200: 2}), stored()))
    (finding,) = [e for e in evidence._run.journal.events if e["event"] == "finding"]
    assert (finding["code"], finding["severity"]) == (CODE, "warn")
    assert not evidence.blocking
