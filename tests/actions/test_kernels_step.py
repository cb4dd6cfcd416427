"""What the kernels of the nodes tell before the upgrade: what is not safe, and a reboot to plan."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge.weighing import Judge
from engine.model.host import Kernels
from engine.model.query import Asked
from engine.record.evidence import Evidence
from engine.record.position import Position
from runbook.phases import test_10_preflight, test_40_preflight_again
from runbook.to_4_26.severities import SEVERITIES
from tests.engine import kit

OLD, NEW = "4.18.0-425.el8.x86_64", "4.18.0-477.el8.x86_64"
SAME = Kernels(OLD, OLD, uses_drbd=True, newest_has_drbd=True)
DUE = Kernels(OLD, NEW, uses_drbd=True, newest_has_drbd=True)
UNSAFE = Kernels(OLD, NEW, uses_drbd=True)


def look(found: Kernels) -> Any:
    return SimpleNamespace(
        names=SimpleNamespace(all=(kit.N, kit.SECOND)),
        position=Position.NOT_STARTED,
        ask_all=lambda nodes, query: Asked(query.name, {kit.N: SAME, kit.SECOND: found}),
    )


@pytest.mark.parametrize(
    ("found", "codes"),
    [(SAME, []), (DUE, ["reboot-needed"]), (UNSAFE, ["kernel-without-drbd"])],
    ids=["same", "due", "unsafe"],
)
@pytest.mark.parametrize("again", [False, True], ids=["preflight", "again"])
def test_a_reboot_that_is_due_is_told_before_the_upgrade(
    tmp_path: Any, found: Kernels, codes: list[str], again: bool
) -> None:
    """It can be planned with the window; a kernel without DRBD is told once, by what blocks."""
    run = kit.make_run(tmp_path)
    run.judge = Judge(SEVERITIES)
    evidence = Evidence(run, "preflight.kernels", ())
    if again:
        step = lambda: test_40_preflight_again.test_kernels(True, look(found), evidence)  # noqa: E731
    else:
        step = lambda: test_10_preflight.test_kernels(look(found), evidence)  # noqa: E731
    with pytest.raises(AssertionError) if found is UNSAFE else nullcontext():
        step()
    told = [(e["code"], e["subject"]) for e in run.journal.events if e["event"] == "finding"]
    assert told == [(code, kit.SECOND) for code in codes]
