"""`upgrade.stop` on a later run: a stop that a person has seen to does not hold the next round."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.model.finding import Finding, Verdict
from engine.model.query import Asked
from engine.record.memory import Memory
from engine.secrets import Secret
from runbook.cluster import checks
from runbook.phases.test_60_upgrade import test_stop as stop
from runbook.to_4_26 import hooks
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.judge.builders import cluster_status, node

CONFLICTS = {kit.SECOND: ["/etc/httpd/conf.d/ocsinventory-server.conf.rpmnew"]}


class Recorder:
    """Evidence that keeps what was judged."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.words: list[str] = []

    def answers(self, asked: Any) -> Any:
        self.answered(asked)
        return asked.values

    def answered(self, asked: Asked[Any]) -> bool:
        return asked.is_complete

    def judge(
        self, findings: list[Finding], *, observed: str, sound: str = "", information: str = ""
    ) -> Verdict:
        self.findings += findings
        self.words.append(observed)
        return Verdict()

    @property
    def verdict(self) -> Verdict:
        """The step goes on to its end, whatever blocks."""
        return Verdict()

    def attach(self, name: str, text: str) -> None:
        self.words.append(name)

    def note(self, text: str) -> None:
        self.words.append(text)

    def not_needed(self, reason: str) -> None:
        self.words.append(reason)

    def remember(self, name: str, **values: Any) -> None:
        self.words.append(name)


FAILING = "task 'os : dnf' failed on n2: no room"


def first_round(*, code: int | None, run: str) -> list[dict[str, Any]]:
    """Round 1 was run to an end that was no success, by the run of this name."""
    step = "upgrade.run[1]"
    return [
        kit.intent(step, detached="upgrade-1", repeatable=False, what="upgrade") | {"run": run},
        kit.result(step, code=code, outcome="failed", failing=FAILING) | {"run": run},
    ]


def told(number: int = 1) -> dict[str, Any]:
    """An earlier run came to its judgement of that round's stop, and has told it."""
    step = f"upgrade.stop[{number}]"
    return kit.event("fact", step=step, name=f"stop-told-{number}") | {"run": "an-earlier-run"}


def answers(question: str, template: bool) -> Secret | str | None:
    """The template, when it is there; no other file is."""
    if question.endswith("to compare"):
        return "there is no such file"
    return Secret("A=") if template and question.endswith(".tpl") else None


def judged(
    *events: dict[str, Any],
    left: dict[str, list[str]] | None = None,
    run: str = "this-run",
    template: bool = True,
    standby: str = kit.SECOND,
    round_number: int = 1,
) -> Recorder:
    """What `upgrade.stop` finds when this is left on the nodes, and the template is on N."""
    nodes, found = (kit.N, kit.SECOND), left or {}
    look = SimpleNamespace(
        run_id=run,
        release=RELEASE,
        memory=Memory.fold(events),
        names=SimpleNamespace(active=kit.N, all=nodes, operative=nodes),
        cluster_status=lambda: replace(
            cluster_status(), nodes=tuple(node(name, standby=name == standby) for name in nodes)
        ),
        ask_all=lambda names, query: Asked(
            query.name, {node: tuple(found.get(node, ())) for node in names}
        ),
        ask=lambda node, query: answers(query.name, template),
        ask_ahead=lambda questions: None,
        holds_secret=lambda path: False,
    )
    evidence = Recorder()
    stop(round_number, look, evidence, hooks)  # type: ignore[arg-type]
    return evidence


def test_a_failure_of_an_earlier_run_lets_the_next_round_begin() -> None:
    assert judged(*first_round(code=2, run="an-earlier-run"), told()).findings == []


def test_an_interruption_was_told_by_the_run_that_saw_it() -> None:
    """That run stops in `upgrade.run`, before the step that tells of other stops."""
    assert judged(*first_round(code=None, run="an-earlier-run")).findings == []


@pytest.mark.parametrize("left", [{}, CONFLICTS], ids=["nothing left", "before the template"])
def test_a_failure_that_nobody_was_told_of_is_told_first(left: dict[str, list[str]]) -> None:
    """The run that took the exit status was killed before it could say what it is."""
    events = first_round(code=2, run="an-earlier-run")
    seen = judged(*events, left=left, template=False)
    assert [finding.code for finding in seen.findings] == ["round-failed"]
    assert seen.words[-1] == "stop-told-1"
    assert judged(*events, told(), left=left, template=False).findings == []


def test_a_planned_stop_that_nobody_was_told_of_is_one_all_the_same() -> None:
    seen = judged(*first_round(code=1, run="an-earlier-run"), left=CONFLICTS)
    assert seen.findings == []
    assert seen.words[-2].startswith("planned stop, exit status 1")


def test_a_planned_stop_whose_files_were_migrated_lets_the_next_round_begin() -> None:
    seen = kit.event("fact", step="upgrade.stop[1]", name="conflicts-1", files=CONFLICTS)
    events = [*first_round(code=1, run="an-earlier-run"), seen | {"run": "an-earlier-run"}, told()]
    assert judged(*events).findings == []


def test_known_files_with_their_template_are_the_planned_stop() -> None:
    seen = judged(*first_round(code=1, run="this-run"), left=CONFLICTS)
    assert seen.findings == []
    assert (seen.words[0], seen.words[-1]) == ("conflicts-1", "stop-told-1")
    assert seen.words[1].startswith("planned stop, exit status 1")


def test_a_round_that_failed_while_packages_were_installed_is_no_planned_stop() -> None:
    """OTHER is upgraded and has its .rpmnew, N is not: migrating would lead nowhere."""
    seen = judged(*first_round(code=2, run="this-run"), left=CONFLICTS, template=False)
    (finding,) = seen.findings
    assert finding.code == "round-failed"
    assert "ended with exit status 2: task 'os : dnf' failed on n2: no room" in finding.observed
    assert "planned stop" not in seen.words[0].partition(";")[0]
    assert "conflicts-1" not in seen.words, "the stop of the next round would be the same again"


def test_after_it_the_next_round_begins() -> None:
    events = [*first_round(code=2, run="an-earlier-run"), told()]
    seen = judged(*events, left=CONFLICTS, template=False)
    assert seen.findings == []
    assert "the packages of N bring the template" in seen.words[0]


def test_an_upgrade_that_left_another_node_active_is_no_planned_stop() -> None:
    """All that follows is done on N: the command has to have left N active."""
    seen = judged(*first_round(code=1, run="this-run"), left=CONFLICTS, standby=kit.N)
    assert [finding.code for finding in seen.findings] == ["role-mismatch"]
    assert f"not in standby: {kit.SECOND}" in seen.findings[0].observed
    assert list(map(str, seen.findings[0].commands)) == [
        f"pcs node unstandby {kit.N} --wait=300",
        f"pcs node standby {kit.SECOND} --wait=300",
    ]
    # who has done that goes on
    assert judged(*first_round(code=1, run="earlier-run"), left=CONFLICTS).findings == []


def second_round(run: str) -> list[dict[str, Any]]:
    """The same stop as in the round before, of which it is known that it was migrated."""
    step = "upgrade.run[2]"
    return [
        *first_round(code=1, run="an-earlier-run"),
        kit.event("fact", step="upgrade.stop[1]", name="conflicts-1", files=CONFLICTS),
        kit.intent(step, detached="upgrade-2", repeatable=False, what="upgrade") | {"run": run},
        kit.result(step, code=1, outcome="failed") | {"run": run},
    ]


@pytest.mark.parametrize("run", ["this-run", "an-earlier-run"])
def test_the_same_stop_twice_is_left_by_hand(run: str) -> None:
    """Nobody can accept it. Who migrates the files and removes them goes on with a next round."""
    found = judged(*second_round(run), left=CONFLICTS, round_number=2).findings
    assert [finding.code for finding in found] == ["planned-stop-again"]
    assert "migrate them by hand" in found[0].remedy
    assert judged(*second_round("an-earlier-run"), told(2), round_number=2).findings == []


FOREIGN = {kit.SECOND: ["/etc/own.conf.rpmnew"]}


def test_a_foreign_file_blocks_and_its_diff_is_shown() -> None:
    seen = judged(*first_round(code=1, run="this-run"), left=FOREIGN)
    (finding,) = (f for f in seen.findings if f.code == "rpmnew-foreign")
    assert "dated .bak" in finding.remedy
    assert f"/etc/own.conf.rpmnew on {kit.SECOND}, secrets masked" in seen.words


def test_the_two_known_files_are_foreign_after_the_update() -> None:
    """Without the upgrade's template nobody could tell what the variable is for."""
    found = {kit.SECOND: tuple(CONFLICTS[kit.SECOND])}
    look = SimpleNamespace(
        names=SimpleNamespace(all=(kit.N, kit.SECOND)),
        ask_all=lambda names, query: Asked(query.name, found),
        ask=lambda node, query: "there is no such file",
        holds_secret=lambda path: False,
    )
    evidence = Recorder()
    checks.no_leftovers(look, evidence)  # type: ignore[arg-type]
    assert [finding.code for finding in evidence.findings] == ["rpmnew-foreign"]
    assert f"{CONFLICTS[kit.SECOND][0]} on {kit.SECOND}, secrets masked" in evidence.words
