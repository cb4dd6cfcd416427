"""How long "normal" is waited for: not for what does not pass by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import OUT_OF_REACH, Unanswered
from engine.judge import normal
from engine.judge.normal import Observed
from engine.judge.ways import folded
from engine.model.finding import Finding
from engine.model.names import Names
from engine.model.query import Asked
from engine.queries.neteye import DRBD, ELASTIC, VERSION
from engine.queries.pacemaker import DAEMONS, LEFT_TO_DO, QUORUM, STATUS
from engine.record.evidence import unanswered
from runbook.cluster import product, profiles
from runbook.to_4_26 import release
from tests.engine.kit import FakeTime
from tests.judge import builders as b

RELEASE = SimpleNamespace(severities=release.RELEASE.severities)


STOPPING = ("Stop  glpi  ( neteye01.neteyelocal )  due to node availability",)


def bare(time: FakeTime) -> Any:
    """What is asked of a look beside what it sees; its cluster is never at rest."""
    names = SimpleNamespace(active=b.DEFAULT.active)
    plain = {"release": RELEASE, "timer": time.clock, "wait": time.wait, "names": names}
    return SimpleNamespace(**plain, ask=lambda node, query: STOPPING)


def waited(
    monkeypatch: pytest.MonkeyPatch,
    *findings: Finding,
    accepted: tuple[str, ...] = (),
    deadline: float = 30.0,
    **lasting: frozenset[str],
) -> float:
    """Seconds of waiting when every look finds these; `accepted` are codes."""
    time = FakeTime()
    seen = profiles.Seen(None, None, findings)
    always: Callable[..., profiles.Seen] = lambda *_, **__: seen  # noqa: E731
    monkeypatch.setattr(profiles, "look_at_everything", always)
    monkeypatch.setattr(profiles, "look_again", always)
    look = bare(time)
    look.accepts = lambda one: one.code in accepted
    found, _ = profiles.settled(look, lambda *_: (), version=None, deadline=deadline, **lasting)
    assert found == list(findings)
    return sum(time.waits)


def finding(code: str) -> Finding:
    return Finding(code, "n1", "seen", "expected", "remedy")


def test_a_node_out_of_reach_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(monkeypatch, unanswered("n1", "quorum", OUT_OF_REACH)) == 0
    assert waited(monkeypatch, unanswered("n1", "quorum", "was not done in time")) == 30


def test_what_only_a_person_mends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    standby, moving = finding("node-standby"), finding("resource-moving")
    assert waited(monkeypatch, moving, lasting=product.LASTING) == 30
    assert waited(monkeypatch, standby, moving, lasting=product.LASTING) == 0
    assert waited(monkeypatch, standby) == 30, "after a change of ours it passes"


def test_what_somebody_has_set_is_not_waited_for_at_any_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert waited(monkeypatch, finding("resource-unmanaged"), finding("resource-moving")) == 0
    assert waited(monkeypatch, finding("resource-enabled")) == 0
    assert waited(monkeypatch, finding("failed-action")) == 30, "failure-timeout may end it"


def test_what_was_accepted_is_not_waited_for_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a state of a moment; when it stays the same it is taken as it is."""
    known, other = finding("resource-stopped"), finding("resource-moving")
    accepted = ("resource-stopped",)
    assert waited(monkeypatch, known, deadline=240.0) == 240
    assert waited(monkeypatch, known, accepted=accepted, deadline=240.0) <= 30
    assert waited(monkeypatch, known, other, accepted=accepted, deadline=240.0) == 240


def test_what_was_accepted_and_lasts_is_not_waited_for_and_ends_no_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disabled, moving = finding("resource-disabled"), finding("resource-moving")
    accepted = ("resource-disabled",)
    assert waited(monkeypatch, disabled, accepted=accepted) <= 2
    assert waited(monkeypatch, disabled, moving, accepted=accepted, deadline=240.0) == 240


def test_a_cluster_that_comes_up_is_waited_for_whatever_was_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every resource is stopped for a moment: somebody meant the one that stays so."""
    time = FakeTime()
    stopped = [Finding("resource-stopped", str(n), "s", "e", "r") for n in range(6)]

    def now(*_: object, **__: object) -> profiles.Seen:
        left = max(1, 6 - int(time.seconds // 15))
        return profiles.Seen(None, None, tuple(stopped[:left]))

    monkeypatch.setattr(profiles, "look_at_everything", now)
    look = bare(time)
    look.accepts = lambda one: True
    found, _ = profiles.settled(look, lambda *_: (), version=None)
    assert found == stopped[:1]
    assert 75 < sum(time.waits) < 75 + 30


def test_what_lasts_is_a_finding_that_blocks() -> None:
    assert {release.RELEASE.severities.of(code) for code in product.LASTING} == {"block"}
    known = set(release.RELEASE.severities.table) | release.RELEASE.severities.never_acceptable
    assert known >= product.LASTING


# one question, one finding


class Look:
    """A normal cluster, asked as the profiles ask; `silent` are (question, node)."""

    def __init__(self, seen: Observed, *silent: tuple[str, str]) -> None:
        self.seen, self.silent = seen, silent
        self.baseline, self.release, self.time = {"fencing": True}, RELEASE, FakeTime()
        self.timer, self.wait = self.time.clock, self.time.wait
        self.accepts = lambda finding: False
        self.left: tuple[str, ...] | None = STOPPING
        self.asked: list[str] = []
        top = b.DEFAULT
        self.names = Names(top.active, top.operative, top.elastic, top.voting, internal={})

    def ask_ahead(self, questions: object) -> None:
        """Each is asked in its turn."""

    def ask_all(self, nodes: Iterable[str], query: Any) -> Asked[Any]:
        elastic = SimpleNamespace(health=self.seen.elastic, nodes=self.seen.elastic_nodes)
        told: dict[str, Mapping[str, Any]] = {
            ELASTIC.name: {b.DEFAULT.active: elastic},
            QUORUM.name: self.seen.quorum,
            DAEMONS.name: self.seen.daemons,
            DRBD.name: self.seen.drbd,
            VERSION.name: self.seen.versions,
        }
        asked: Asked[Any] = Asked(query.name)
        for node in nodes:
            if (query.name, node) in self.silent:
                asked.unanswered[node] = "exit code 1 is no answer"
            else:
                asked.values[node] = told[query.name][node]
        return asked

    def ask(self, node: str, query: Any) -> Any:
        self.asked.append(query.name)
        if query is LEFT_TO_DO and self.left is None:
            raise Unanswered(node, query.name, "exit code 127 is no answer")
        told = {STATUS.name: self.seen.status, LEFT_TO_DO.name: self.left}
        return told.get(query.name)


def judged(look: Look) -> list[Finding]:
    found, _ = profiles.settled(
        look,  # type: ignore[arg-type]
        normal.final,
        version=b.TARGET,
        deadline=30.0,
    )
    return found


@pytest.mark.parametrize(("left", "seconds"), [((), 0.0), (STOPPING, 1.0), (None, 1.0)])
def test_normal_is_seen_twice_and_at_once_where_nothing_is_left_to_do(
    left: tuple[str, ...] | None, seconds: float
) -> None:
    """None: it can't be asked."""
    look = Look(b.observed())
    look.left = left
    assert judged(look) == []
    assert look.asked.count(STATUS.name) == 2
    assert look.time.seconds == seconds


def monitored(seen: Observed) -> Observed:
    """A first monitor is under way: the summary of the scheduler names no monitors."""
    first, *others = seen.status.resources
    resources = (replace(first, pending="Monitoring"), *others)
    return replace(seen, status=replace(seen.status, resources=resources))


def test_a_first_monitor_has_its_second() -> None:
    look = Look(monitored(b.observed()))
    look.left = ()
    assert judged(look) == []
    assert LEFT_TO_DO.name not in look.asked
    assert look.time.waits == [1.0]


def test_a_first_monitor_that_only_the_look_at_once_shows_has_its_second() -> None:
    look = Look(b.observed())
    look.left = ()

    def wait(seconds: float) -> None:
        look.time.wait(seconds)
        if seconds == 0.0:
            look.seen = monitored(look.seen)

    look.wait = wait
    assert judged(look) == []
    assert look.time.waits == [0.0, 1.0, 1.0]
    assert look.asked.count(LEFT_TO_DO.name) == 1


def test_a_cluster_at_rest_that_is_not_normal_is_waited_for() -> None:
    look = Look(b.observed(), (DRBD.name, b.THIRD))
    look.left = ()
    assert judged(look)
    assert look.time.seconds == 30
    assert LEFT_TO_DO.name not in look.asked


def test_what_was_accepted_is_looked_at_once_a_second_also_at_rest() -> None:
    look = Look(b.observed(), (DRBD.name, b.THIRD))
    look.left = ()
    look.accepts = lambda finding: True
    assert judged(look)
    assert look.time.seconds == 20
    assert look.asked.count(STATUS.name) == 22


@pytest.mark.parametrize("question", [QUORUM, DAEMONS, DRBD])
def test_a_question_that_one_node_does_not_answer_is_one_finding(question: Any) -> None:
    look = Look(b.observed(), (question.name, b.THIRD))
    assert [(f.code, f.subject) for f in judged(look)] == [("question-unanswered", b.THIRD)]
    assert sum(look.time.waits) == 30, "it may pass"


def test_elasticsearch_that_does_not_answer_hides_nothing_of_the_cluster() -> None:
    """Without quorum it has no master, and ends with an error in place of a colour."""
    alone = b.observed()
    alone = replace(alone, status=replace(alone.status, with_quorum=False))
    look = Look(alone, (ELASTIC.name, b.DEFAULT.active))
    found = judged(look)
    assert {f.code for f in found} == {"question-unanswered", "quorum-lost"}
    _, seen = profiles.settled(look, lambda *_: (), version=None, deadline=0.0)  # type: ignore[arg-type]
    assert "Elasticsearch not told" in profiles.describe(seen)


def test_a_version_that_nobody_told_follows_from_the_question_and_can_not_be_accepted() -> None:
    look = Look(b.observed(), (VERSION.name, b.VOTING))
    found = judged(look)
    ((cause, below),) = folded(found)
    assert [cause.code, *(f.code for f in below)] == ["question-unanswered", "version-not-reached"]
    assert sum(look.time.waits) == 30
    assert below[0].code in RELEASE.severities.never_acceptable


@pytest.mark.parametrize("state", ["inactive", "not installed", "disabled"])
def test_a_node_without_corosync_is_found_once_and_its_quorum_follows(state: str) -> None:
    states = [replace(d, active="inactive") if d.name == "corosync" and state == "inactive" else d
              for d in b.daemon_states()]  # fmt: skip
    if state == "not installed":
        states = [daemon for daemon in states if daemon.name != "corosync"]
    if state == "disabled":  # it runs: that it is silent has another reason
        states = [replace(d, enabled="disabled") if d.name == "corosync" else d for d in states]
    seen = b.with_daemons(b.observed(), b.THIRD, tuple(states))
    told = folded(judged(Look(seen, (QUORUM.name, b.THIRD))))
    codes = [(cause.code, [one.code for one in below]) for cause, below in told]
    if state == "disabled":
        assert codes == [("question-unanswered", []), ("daemon-not-normal", [])]
    else:
        assert codes == [("daemon-not-normal", ["question-unanswered"])]


def test_the_next_look_asks_quorum_again_and_finds_its_silence_once() -> None:
    look: Any = Look(b.observed())
    seen = profiles.look_at_everything(look, version=b.TARGET)
    look.silent = ((QUORUM.name, b.THIRD),)
    again = profiles.look_again(look, seen)
    assert [finding.code for finding in again.problems] == ["question-unanswered"]
    assert again.observed is not None
    assert again.expected is not None
    assert normal.final(again.observed, again.expected) == ()
