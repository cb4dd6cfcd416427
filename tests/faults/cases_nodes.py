"""Faults of nodes: power, database, quorum."""

from __future__ import annotations

from rehearsal import waiting
from tests.faults.fault import fault
from tests.faults.lab import FIRST_ROUND, Lab
from tests.faults.strikes import power_cut, power_on, shim


@fault(
    "N loses power while `neteye upgrade` runs, and is started again at once",
    stops="upgrade.run",
)
def n_rebooted_during_upgrade(lab: Lab) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    power_cut(lab, lab.cluster.active)
    power_on(lab, lab.cluster.active)
    lab.expect(running, 11, "interrupted", "[Rr]un again")
    waiting.until_ready(lab.cluster.topology)
    lab.run_again()
    lab.expect_upgraded(rounds=3)


@fault(
    "OTHER loses power while `neteye upgrade` installs its packages; started again afterwards",
    package_order="active-last",
)
def other_lost_during_its_upgrade(lab: Lab) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    power_cut(lab, lab.cluster.other)
    lab.expect(running, 1, lab.cluster.other)
    power_on(lab, lab.cluster.other)
    waiting.until_ready(lab.cluster.topology)
    lab.run_again()
    lab.expect_upgraded(rounds=3)


@fault("mariadbd is killed as the backup's dump begins; pacemaker starts it again")
def mariadb_killed_in_backup(lab: Lab) -> None:
    kill_once = (
        'if mkdir /run/killed-once 2>/dev/null; then pkill -KILL -x mariadbd; fi\nexec "$REAL" "$@"'
    )
    with shim(lab, lab.cluster.node_of("mariadb"), "mysqldump", kill_once):
        lab.expect(lab.start(), 1, "(dump|back ?up)", "[Rr]un again")
    lab.cluster.until_failed_action()
    lab.cluster.run(lab.cluster.active, ("pcs", "resource", "cleanup"))
    lab.run_again()
    lab.expect_upgraded(rounds=2)


@fault("mariadbd is killed while `neteye upgrade` runs; pacemaker starts it again")
def mariadb_killed_in_upgrade(lab: Lab) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    lab.cluster.run(lab.cluster.active, ("pkill", "-KILL", "-x", "mariadbd"))
    lab.expect(running, (1, 11), "failed-action|mariadb", "cleanup|[Rr]un again")
    # pacemaker shows it as running until its monitor has looked
    lab.wait_for("mariadbd answers again", lab.cluster.active, "mysqladmin ping >/dev/null 2>&1")
    lab.until_as_the_upgrade_left_it()
    lab.run_again()
    lab.expect_upgraded()


@fault(
    "two of three operative nodes are off before the start",
    nodes="operative=3",
    shows="quorum-lost node-unreachable",
)
def quorum_lost_before(lab: Lab) -> None:
    others = [node.short for node in lab.cluster.topology.operative[1:]]
    for node in others:
        power_cut(lab, node)
    lab.wait_for("quorum lost", lab.cluster.active, "! corosync-quorumtool -s >/dev/null")
    lab.expect(lab.start(), 10, "quorum-lost", "node-unreachable")
    for node in others:
        power_on(lab, node)
    lab.until_normal()
    lab.plan_again()


@fault(
    "OTHER and the voting node lose power while `neteye upgrade` runs: N is without quorum",
    nodes="operative=2,voting=1",
    package_order="active-last",
)
def quorum_lost_during_upgrade(lab: Lab) -> None:
    voting = lab.cluster.topology.voting
    assert voting is not None
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    for node in (lab.cluster.other, voting.short):
        power_cut(lab, node)
    lab.expect(running, 1, lab.cluster.other, voting.short)
    for node in (lab.cluster.other, voting.short):
        power_on(lab, node)
    lab.until_as_the_upgrade_left_it()
    lab.run_again()
    lab.expect_upgraded()
