"""What counts at which position: a half-upgraded cluster is never locked out, nor shot at."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from engine.act.driving import Applied
from engine.judge import normal
from engine.model import facts
from engine.model.finding import Finding, Verdict
from engine.model.host import Kernels
from engine.model.inventory import Environment, Settings
from engine.model.names import Names
from engine.model.query import Asked
from engine.queries.machine import KERNELS
from engine.record.evidence import StoppedForPerson
from engine.record.memory import ChangeRecord, Memory
from engine.record.position import Position
from runbook.cluster import product
from runbook.phases import test_10_preflight, test_30_update, test_40_preflight_again
from runbook.phases.test_60_upgrade import test_window as window
from runbook.to_4_26 import release, test_15_preflight_ocs, test_50_backup
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.engine.scripted import said
from tests.judge.builders import cluster_status, node

NODES = (kit.N, kit.SECOND, kit.THIRD)
CHECKS = (
    *("sameness", "access", "repository", "clocks", "constraints", "leftovers", "kernels"),
    "health",
)
KERNEL = Kernels("5.14.0-1", "5.14.0-1", newest_has_drbd=True, uses_drbd=True)
ANSWERS = {KERNELS.name: {kit.N: KERNEL}}
"""What has to be told for a check to come to its judgement."""
UNDER_WAY = (
    *(Position.UPDATE_UNDER_WAY, Position.UPGRADE_UNDER_WAY, Position.PLANNED_STOP),
    *(Position.UPGRADED, Position.REACTIVATED),
)


class Weights:
    """Evidence that keeps whether a check weighs."""

    def __init__(self) -> None:
        self.judged: set[bool] = set()
        self.said: list[str] = []
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.facts: dict[str, dict[str, Any]] = {}
        self.made: list[ChangeRecord] = []

    def answers(self, asked: Any) -> Any:
        self.answered(asked)
        return asked.values

    def answered(self, asked: Asked[Any]) -> bool:
        return True

    def judge(
        self, findings: Any, *, observed: str, sound: str = "", information: str = ""
    ) -> Verdict:
        self.judged.add(not information)
        self.said += [information] if information else []
        self.findings += findings
        return Verdict()

    @property
    def weighs(self) -> bool | None:
        """Whether what it judges counts, all of it; None: it judged nothing."""
        assert len(self.judged) <= 1
        return next(iter(self.judged), None)

    @property
    def verdict(self) -> Verdict:
        """The step goes on to its end, whatever blocks."""
        return Verdict()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def remember(self, name: str, **values: Any) -> None:
        self.facts[name] = values


def position_look(position: Position) -> Any:
    names = Names(kit.N, (), (), (), internal={kit.N: kit.N})
    return SimpleNamespace(
        release=RELEASE,
        position=position,
        names=names,
        attempt=None,
        silent={},
        memory=Memory.fold([]),
        ask_all=lambda names, query: Asked(query.name, ANSWERS.get(query.name, {})),
        on_each=lambda names, what, question: Asked(what),
        forwards_all=lambda paths: Asked("a forwarded socket"),
        ask=lambda node, query: SimpleNamespace(
            location=(), location_ids=(), properties={}, nodes=()
        ),
        cluster_status=cluster_status,
    )


def weighs(check: str, position: Position) -> bool | None:
    evidence = Weights()
    getattr(test_10_preflight, f"test_{check}")(position_look(position), evidence)
    return evidence.weighs


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("position", UNDER_WAY)
def test_what_guards_the_start_is_information_later(check: str, position: Position) -> None:
    assert weighs(check, position) is False


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("position", [Position.UNKNOWN, Position.NOT_STARTED, Position.UPDATED])
def test_before_the_upgrade_it_counts(check: str, position: Position) -> None:
    assert weighs(check, position) is True


AT_START = (Position.UNKNOWN, Position.NOT_STARTED)
SESSION: Any = SimpleNamespace(survey=SimpleNamespace(reachable=SimpleNamespace(values={})))
STARTS: dict[str, Callable[[Any, Any], None]] = {
    # what the update has taken of it is looked at again directly before the upgrade
    "space": test_10_preflight.test_space,
    "capacity": test_10_preflight.test_capacity_of_n,
    "machines": lambda look, told: test_10_preflight.test_machines(SESSION, look, told),
}


@pytest.mark.parametrize("position", Position)
@pytest.mark.parametrize("check", STARTS)
def test_what_an_attempt_needs_once_counts_at_its_start_only(
    check: str, position: Position
) -> None:
    evidence: Any = Weights()
    STARTS[check](position_look(position), evidence)
    assert evidence.weighs is (position in AT_START)


@pytest.mark.parametrize("position", Position)
def test_whether_it_is_normal_counts_while_nothing_is_under_way(
    position: Position, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_10_preflight, "settled", lambda *_, **__: ([], None))
    monkeypatch.setattr(test_10_preflight, "describe", lambda seen: "looked at")
    at_rest = (*AT_START, Position.UPDATED, Position.CLOSED)
    assert weighs("normal", position) is (position in at_rest)


AGAIN = sorted(name for name in vars(test_40_preflight_again) if name.startswith("test_"))


@pytest.mark.parametrize("check", AGAIN)
def test_directly_before_the_upgrade_each_check_counts(check: str) -> None:
    """It is the last look before nothing can be taken back."""
    step = getattr(test_40_preflight_again, check)
    evidence = Weights()
    step(False, NotAsked(), evidence)
    assert evidence.weighs is None, "the upgrade is not ahead: nobody is asked"
    step(True, position_look(Position.UPDATED), evidence)
    assert evidence.weighs is True


class NotAsked:
    """In the place of what asks: whoever asks fails."""

    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"asked: {name}")


@pytest.mark.parametrize("check", ["ocs_passwords", "ocs_servers"])
@pytest.mark.parametrize("position", [*UNDER_WAY[1:], Position.CLOSED])
def test_what_the_upgrade_changes_itself_is_not_judged_after_it(
    check: str, position: Position, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files refer to the variable then: nobody has to set another password."""
    monkeypatch.setattr(test_15_preflight_ocs, "migration", NotAsked())
    monkeypatch.setattr(test_15_preflight_ocs, "glpi_place", NotAsked())
    said: list[str] = []
    evidence = SimpleNamespace(not_needed=said.append)
    look = SimpleNamespace(position=position)
    getattr(test_15_preflight_ocs, f"test_{check}")(look, evidence)
    assert said == [test_15_preflight_ocs.LATER]


@pytest.mark.parametrize("position", [*UNDER_WAY, Position.CLOSED])
def test_the_target_on_the_nodes_is_no_finding_after_the_start(position: Position) -> None:
    """Nobody has to find out who upgraded them: it was this runbook."""
    versions = Asked("version", dict.fromkeys(NODES, release.TARGET))
    session: Any = SimpleNamespace(survey=SimpleNamespace(versions=versions, situation=None))
    evidence: Any = Weights()
    test_10_preflight.test_versions(session, position_look(position), evidence)
    assert evidence.findings == []
    evidence = Weights()
    test_10_preflight.test_versions(session, position_look(Position.NOT_STARTED), evidence)
    assert {finding.code for finding in evidence.findings} == {"version-path"}


def test_where_the_backup_is_fetched_to_is_told_and_no_later_run_says_that_it_has_it() -> None:
    fetched = {**kit.event("fact", name=facts.FETCHED, file="backups/x"), "run": "first"}
    for memory, expected in (
        (Memory.fold([fetched]), "the upgrade is over: backups/x is in the directory of run first"),
        (Memory(), "the upgrade is over, and no run has fetched a backup"),
    ):
        memory.closed = True
        told: list[str] = []
        evidence: Any = SimpleNamespace(not_needed=told.append)
        look: Any = SimpleNamespace(memory=memory, attempt=None, release=RELEASE)
        test_50_backup.test_fetched(NotAsked(), look, evidence)  # type: ignore[arg-type]
        assert told == [expected]
    assert "lies here" not in (test_50_backup.test_fetched.__doc__ or "")


# a resumed run between unstandby and fencing


def after_update(*, fencing: bool, before: bool = True, unclean: bool = False) -> Any:
    """A look after the update's unstandby, which an earlier run did."""
    others = (node(kit.SECOND), node(kit.THIRD, online=not unclean, unclean=unclean))
    status = replace(cluster_status(fencing=fencing), nodes=(node(kit.N), *others))
    return SimpleNamespace(
        release=RELEASE,
        memory=Memory.fold([kit.intent("update.run", detached="update-1", repeatable=False)]),
        settings=SimpleNamespace(reactivate_after_update=True),
        baseline={"fencing": before},
        names=SimpleNamespace(active=kit.N, operative=NODES),
        cluster_status=lambda: status,
        timer=time.monotonic,
        wait=lambda seconds: None,
    )


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The profiles that were judged."""
    judged: list[Any] = []

    def settled(look: Any, profile: Any, *, version: Any) -> tuple[list[Finding], None]:
        judged.append(profile)
        return [], None

    monkeypatch.setattr(test_30_update, "settled", settled)
    monkeypatch.setattr(test_30_update, "describe", lambda seen: "looked at")
    return judged


def unstandby(look: Any, profiles: list[Any], *made: ChangeRecord) -> Weights:
    evidence = Weights()
    evidence.made += made
    found = Applied(reason="no node is in standby")
    test_30_update.test_update_unstandby(found, look, evidence)  # type: ignore[arg-type]
    return evidence


def test_before_fencing_comes_back_every_node_is_looked_at(profiles: list[Any]) -> None:
    """Fencing given back while a node is unclean would shoot it."""
    seen = unstandby(after_update(fencing=False, unclean=True), profiles)
    assert [finding.code for finding in seen.findings] == ["node-standby"]
    assert seen.findings[0].guide == ("G28",), "the reactivation of the upgrade is another row"
    assert profiles == [normal.reactivated]


@pytest.mark.parametrize(("fencing", "before"), [(True, True), (False, False)])
def test_where_nothing_was_done_and_nothing_comes_back_the_next_step_judges(
    profiles: list[Any], fencing: bool, before: bool
) -> None:
    assert unstandby(after_update(fencing=fencing, before=before), profiles).findings == []
    assert profiles == []


# the window, directly before the first round

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window_from(start: timedelta, end: timedelta) -> Callable[[], None]:
    look = SimpleNamespace(
        release=RELEASE,
        memory=Memory.fold([]),
        settings=Settings(
            "c", Environment.PRODUCTION, window_start=NOW + start, window_end=NOW + end
        ),
        inventory=SimpleNamespace(hosts=NODES),
        now=lambda: NOW,
    )
    return lambda: window(look, Weights())


def test_the_first_round_waits_for_the_window() -> None:
    """Updated the night before and started again too early."""
    with pytest.raises(StoppedForPerson, match="window-outside"):
        window_from(10 * HOUR, 20 * HOUR)()
    with pytest.raises(StoppedForPerson, match="window-too-short"):
        window_from(-HOUR, HOUR / 10)()
    window_from(-HOUR, 8 * HOUR)()


# repositories


def repositories(serial: str, url: str = "https://repository.example.test/4.26") -> str | None:
    text = (
        f"/etc/yum.repos.d/redhat.repo:# {serial}\n"
        f"/etc/yum.repos.d/redhat.repo:sslclientkey = /etc/pki/entitlement/{serial}-key.pem\n"
        f"/etc/yum.repos.d/redhat.repo:sslclientcert = /etc/pki/entitlement/{serial}.pem\n"
        f"/etc/yum.repos.d/neteye.repo:baseurl = {url}\n"
    )
    return product.REPOSITORIES.parse(said(text))


def test_each_systems_own_certificate_is_no_difference() -> None:
    assert repositories("1234") == repositories("5678")
    assert repositories("1234") != repositories("1234", "https://mirror.example.test/4.25")


def test_what_was_made_active_by_an_earlier_run_is_judged_in_this_one(profiles: list[Any]) -> None:
    """Fencing was off before and stays so: what that run found is found again all the same."""
    look = after_update(fencing=False, before=False, unclean=True)
    made = ChangeRecord("update.unstandby#1", kit.intent(), kit.result())
    assert [f.code for f in unstandby(look, profiles, made).findings] == ["node-standby"]
    assert profiles == [normal.reactivated]
