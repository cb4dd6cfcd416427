"""The steps that judge packages: what is hidden before, what is left after, what stays accepted."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.model.finding import Acceptance, Finding, Verdict
from engine.model.host import Version
from engine.model.packages import PackageState
from engine.model.query import Asked, Query
from engine.record.memory import Memory
from engine.record.position import AT_TARGET, LEFT, NOT_JUDGED, UPDATES_LEFT
from runbook.cluster import packages
from runbook.phases import test_30_update, test_70_verification
from runbook.to_4_26 import release
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.parse.test_packages import state

NODES = (kit.N, kit.SECOND)
ACCEPTED = Acceptance("any", "", "as agreed", "A. Rossi")
ROUND = (
    kit.intent("upgrade.run[1]", detached="upgrade-1", repeatable=False),
    kit.result("upgrade.run[1]", code=0),
)
UPDATE = (
    kit.intent("update.run", detached="update-1", repeatable=False),
    kit.result("update.run", code=0),
)


class Kept:
    """Evidence that keeps what was judged; `accepts` are codes that somebody has accepted."""

    def __init__(self, *accepts: str) -> None:
        self.accepts = accepts
        self.found: list[Finding] = []
        self.blocking: list[Finding] = []
        self.words: list[str] = []
        self.rows: dict[str, str] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        self.memory: Memory | None = None
        """That of the look: what is remembered is known at once."""

    def answers(self, asked: Any) -> Any:
        self.answered(asked)
        return asked.values

    def answered(self, asked: Asked[Any]) -> bool:
        return asked.is_complete

    def judge(
        self, findings: Any, *, observed: str, guide: Any = (), information: str = ""
    ) -> list[Finding]:
        weights = release.SEVERITIES
        weighed = [
            f.weighed(
                "info" if information else weights.of(f.code),
                ACCEPTED if f.code in self.accepts else None,
            )
            for f in findings
        ]
        self.found += weighed
        self.blocking += [f for f in weighed if f.severity == "block" and f.accepted is None]
        self.words.append(observed)
        return Verdict(tuple(weighed))

    def remember(self, name: str, **values: Any) -> None:
        self.facts[name] = values
        if self.memory is not None:
            self.memory.add(kit.event("fact", name=name, **values))

    def open(self, row: str, reason: str, **_: object) -> None:
        self.rows[row] = reason

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.blocking]


def look(
    *events: dict[str, Any], packages: dict[str, PackageState], silent: str = "", run: str = "r"
) -> Any:
    def ask_all(nodes: Any, query: Query[Any]) -> Asked[Any]:
        if not query.name.startswith(("packages", "repository")):
            return Asked(query.name, dict.fromkeys(NODES, Version(4, 26)))
        told = {node: one for node, one in packages.items() if node != silent}
        return Asked(query.name, told, {silent: "no repository"} if silent else {})

    names = SimpleNamespace(
        active=kit.N, all=NODES, operative=NODES, elastic_only=(), voting_only=()
    )
    return SimpleNamespace(
        release=RELEASE,
        run_id=run,
        names=names,
        memory=Memory.fold(events),
        ask_all=ask_all,
        baseline=None,
    )


GOOD, BAD = state("reached"), state("excluded")
ALL_GOOD = dict.fromkeys(NODES, GOOD)
ONE_BAD = {kit.N: GOOD, kit.SECOND: BAD}
NAMES = sorted(package.name for package in BAD.behind)


def verified(seen: Any, *accepts: str) -> Kept:
    evidence = Kept(*accepts)
    evidence.memory = seen.memory
    with contextlib.suppress(AssertionError):  # what blocks is in the evidence
        test_70_verification.test_versions(seen, evidence)  # type: ignore[arg-type]
    return evidence


def test_upgraded_is_what_every_node_has_and_the_evidence_counts_it() -> None:
    evidence = verified(look(*ROUND, packages=ALL_GOOD))
    assert evidence.codes == []
    assert f"{kit.SECOND}: 9 of 9 at its version" in evidence.words[-1]
    assert evidence.facts[AT_TARGET]["round"] == "upgrade-1"
    assert evidence.rows == {}


def test_a_release_file_alone_proves_nothing() -> None:
    evidence = verified(look(*ROUND, packages=ONE_BAD))
    assert evidence.codes == ["packages-behind"]
    assert evidence.blocking[0].subject == kit.SECOND
    assert AT_TARGET not in evidence.facts


def test_what_was_accepted_afterwards_stays_and_its_rows_stay_open() -> None:
    evidence = verified(look(*ROUND, packages=ONE_BAD), "packages-behind")
    assert evidence.codes == []
    assert set(evidence.rows) == {"G18", "G21"}
    assert evidence.facts[LEFT]["nodes"] == {kit.SECOND: NAMES}
    assert evidence.facts[AT_TARGET]["round"] == "upgrade-1"


def test_what_was_accepted_before_the_start_stays_and_its_rows_stay_open() -> None:
    left = kit.event("fact", name=LEFT, nodes={kit.SECOND: NAMES})
    evidence = verified(look(*ROUND, left, packages=ONE_BAD))
    assert evidence.codes == []
    assert set(evidence.rows) == {"G18", "G21"}
    assert "nats-server-neteye" in evidence.rows["G21"]
    assert AT_TARGET in evidence.facts


def test_what_the_repository_got_after_the_proof_is_only_shown() -> None:
    proof = kit.event("fact", name=AT_TARGET, round="upgrade-1", nodes={})
    evidence = verified(look(*ROUND, proof, packages=ONE_BAD))
    assert evidence.codes == []
    assert [(f.code, f.severity) for f in evidence.found] == [("packages-behind", "info")]
    assert evidence.rows == {}
    left = kit.event("fact", name=LEFT, nodes={kit.SECOND: NAMES})
    again = verified(look(*ROUND, left, proof, packages=ONE_BAD))
    assert set(again.rows) == {"G18", "G21"}, "a later run closes no row that is open"


def test_a_repository_that_has_nothing_of_a_node_proves_nothing() -> None:
    """Passed over in silence, a repository would leave nothing behind."""
    evidence = verified(look(*ROUND, packages={**ALL_GOOD, kit.SECOND: PackageState()}))
    assert evidence.codes == ["target-repository"]
    assert AT_TARGET not in evidence.facts


def test_nothing_is_proved_while_a_node_does_not_answer() -> None:
    evidence = verified(look(*ROUND, packages=ALL_GOOD, silent=kit.SECOND))
    assert AT_TARGET not in evidence.facts


def test_only_the_last_round_counts() -> None:
    later = (
        kit.intent("upgrade.run[2]", detached="upgrade-2", repeatable=False),
        kit.result("upgrade.run[2]", code=4, outcome="failed"),
    )
    evidence = Kept()
    with contextlib.suppress(AssertionError):  # what blocks is in the evidence
        test_70_verification.test_command(look(*ROUND, packages={}), evidence)  # type: ignore[arg-type]
    assert evidence.codes == []
    seen = look(*ROUND, *later, packages={})
    with contextlib.suppress(AssertionError):  # what blocks is in the evidence
        test_70_verification.test_command(seen, evidence)  # type: ignore[arg-type]
    assert evidence.codes == ["rounds-exhausted"]
    assert "each further run starts the last round once more" in evidence.blocking[0].remedy


# before the start


def judged_before(states: Any, *accepts: str, information: str = "") -> Kept:
    evidence = Kept(*accepts)
    packages.can_come(
        look(packages=states),
        evidence,  # type: ignore[arg-type]
        information=information,
    )
    return evidence


@pytest.mark.parametrize("case", ["excluded", "included", "locked", "modules"])
def test_what_hides_packages_blocks_the_start(case: str) -> None:
    evidence = judged_before({kit.N: state("plain"), kit.SECOND: state(case)})
    assert set(evidence.codes) == {"packages-hidden"}


def test_what_hides_nothing_warns() -> None:
    evidence = judged_before({kit.N: state("plain"), kit.SECOND: state("no-plugin")})
    assert evidence.codes == []
    assert [(f.code, f.severity) for f in evidence.found] == [("packages-rule-idle", "warn")]


def test_accepted_it_is_remembered_what_stays() -> None:
    evidence = judged_before({kit.N: state("plain"), kit.SECOND: BAD}, "packages-hidden")
    assert evidence.codes == []
    hidden = sorted(package.name for package in BAD.hidden)
    assert evidence.facts[LEFT]["nodes"] == {kit.SECOND: hidden}
    assert LEFT not in judged_before({kit.N: BAD}, information="Later:").facts


def test_a_repository_that_is_gone_leaves_rows_open_when_it_is_accepted() -> None:
    gone = replace(state("plain"), origins=(("neteye-os", "tool"), ("neteye", "tornado")))
    assert judged_before({kit.N: gone}).codes == ["repository-missing"]
    evidence = judged_before({kit.N: gone}, "repository-missing")
    assert evidence.facts[NOT_JUDGED]["nodes"] == {kit.N: ["tool"]}
    fact = kit.event("fact", name=NOT_JUDGED, nodes={kit.N: ["tool"]})
    after = verified(look(*ROUND, fact, packages=ALL_GOOD))
    assert after.codes == []
    assert "nobody judged" in after.rows["G21"]
    assert f"{kit.N}: tool" in after.rows["G18"]


def test_a_transaction_that_is_half_done_blocks() -> None:
    evidence = judged_before({kit.N: state("held")})
    assert evidence.codes == ["transaction-unfinished"] * 2
    assert evidence.found[-1].code == "transaction-failed"


# the update


def updated(seen: Any, *accepts: str) -> Kept:
    evidence = Kept(*accepts)
    evidence.memory = seen.memory
    with contextlib.suppress(AssertionError):  # what blocks is in the evidence
        test_30_update.test_update(None, seen, evidence)  # type: ignore[arg-type]
    return evidence


def test_an_update_that_left_updates_is_no_end() -> None:
    assert updated(look(*UPDATE, packages=ALL_GOOD)).codes == []
    evidence = updated(look(*UPDATE, packages=ONE_BAD))
    assert evidence.codes == ["updates-left"]


def test_updates_that_somebody_leaves_are_named_and_the_row_stays_open() -> None:
    evidence = updated(look(*UPDATE, packages=ONE_BAD), "updates-left")
    assert evidence.codes == []
    assert evidence.facts[UPDATES_LEFT]["nodes"] == {kit.SECOND: NAMES}
    left = kit.event("fact", name=UPDATES_LEFT, nodes={kit.SECOND: NAMES})
    again = updated(look(*UPDATE, left, packages=ONE_BAD))
    assert again.codes == []
    assert verified(look(*ROUND, left, packages=ONE_BAD)).codes == ["packages-behind"]
    assert "tornado" in again.rows["G28"]


def test_packages_of_other_repositories_that_are_held_back_do_not_count() -> None:
    """A kernel that is excluded is none of the product's packages."""
    seen = replace(GOOD, offered=(), rules=state("locked").rules)
    assert updated(look(*UPDATE, packages={kit.N: seen})).codes == []
