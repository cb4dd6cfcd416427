"""Faults of the connection: packets dropped, sshd gone."""

from __future__ import annotations

from tests.faults.fault import fault
from tests.faults.lab import FIRST_ROUND, Lab
from tests.faults.strikes import cut, sshd_stopped

STATUS = "/var/lib/neteye-runbook/attempts/*/commands/upgrade-1/status"


@fault("controller and N cut off from each other in `neteye upgrade`, until it has ended on N")
def connection_cut(lab: Lab) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    with cut(lab, lab.cluster.active):
        # the run may or may not have noticed by then
        lab.wait_for("`neteye upgrade` ended on N", lab.cluster.active, f"test -s {STATUS}")
    lab.expect(running, 0)
    lab.expect_upgraded(rounds=2)


@fault(
    "the same, never restored; restored after the run has given up (`runbook_absence_seconds=30`)",
)
def connection_cut_for_good(lab: Lab) -> None:
    running = lab.start(absence_seconds=30)
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    with cut(lab, lab.cluster.active):
        lab.expect(running, 12, "may still run", "[Rr]un again")
    lab.run_again()
    lab.expect_upgraded(rounds=2)


@fault("sshd of OTHER is stopped before the start", shows="node-unreachable")
def sshd_stopped_before(lab: Lab) -> None:
    with sshd_stopped(lab, lab.cluster.other):
        lab.expect(lab.start(), 10, "node-unreachable", "refused")
    lab.plan_again()


@fault("sshd of OTHER is stopped, with its sessions, while `neteye upgrade` runs")
def sshd_stopped_during(lab: Lab) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    with sshd_stopped(lab, lab.cluster.other):
        lab.expect(running, (1, 11), lab.cluster.other, "[Rr]un again")
    lab.run_again()
    lab.expect_upgraded()
