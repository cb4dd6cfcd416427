"""`upgrade.stop` on a later run: a stop that a person has seen to does not hold the next round."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.attempt.memory import Memory
from engine.model.finding import Finding
from engine.queries import Asked
from runbook.test_60_upgrade import test_stop as stop
from tests.engine import kit

CONFLICTS = {kit.SECOND: ["/etc/httpd/conf.d/ocsinventory-server.conf.rpmnew"]}


class Recorder:
    """Evidence that keeps what was judged."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.words: list[str] = []

    def answered(self, asked: Asked[Any]) -> bool:
        return asked.is_complete

    def judge(self, findings: list[Finding], *, observed: str) -> None:
        self.findings += findings
        self.words.append(observed)

    def note(self, text: str) -> None:
        self.words.append(text)

    def not_needed(self, reason: str) -> None:
        self.words.append(reason)

    def remember(self, name: str, **values: Any) -> None:
        self.words.append(name)


def first_round(*, code: int | None, run: str) -> list[dict[str, Any]]:
    """Round 1 was run to an end that was no success, by the run of this name."""
    step = "upgrade.run[1]"
    return [
        kit.intent(step, detached="upgrade-1", repeatable=False, what="upgrade") | {"run": run},
        kit.result(step, code=code, outcome="failed") | {"run": run},
    ]


def judged(*events: dict[str, Any]) -> Recorder:
    """What `upgrade.stop[1]` finds when no .rpmnew or .rpmsave is left on any node."""
    nodes = (kit.N, kit.SECOND)
    look = SimpleNamespace(
        run_id="this-run",
        memory=Memory.fold(events),
        names=SimpleNamespace(active=kit.N, all=nodes),
        ask_all=lambda names, query: Asked(query.name, dict.fromkeys(names, ())),
    )
    evidence = Recorder()
    stop(1, look, evidence)  # type: ignore[arg-type]
    return evidence


@pytest.mark.parametrize("code", [2, None], ids=["failed", "interrupted"])
def test_a_failure_of_an_earlier_run_lets_the_next_round_begin(code: int | None) -> None:
    assert judged(*first_round(code=code, run="an-earlier-run")).findings == []


def test_a_planned_stop_whose_files_were_migrated_lets_the_next_round_begin() -> None:
    seen = kit.event("fact", step="upgrade.stop[1]", name="conflicts-1", files=CONFLICTS)
    events = [*first_round(code=1, run="an-earlier-run"), seen | {"run": "an-earlier-run"}]
    assert judged(*events).findings == []
