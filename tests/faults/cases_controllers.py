"""Two controllers, and release files that say something else than the packages."""

from __future__ import annotations

from tests.faults.fault import fault
from tests.faults.lab import FIRST_ROUND, Lab

RELEASE_FILE = "/etc/neteye-release"


@fault(
    "a second controller starts while `neteye upgrade` runs; then the first is killed (-9)",
    scenario="guide",
)
def two_controllers(lab: Lab) -> None:
    first = lab.start()
    first.until_intent(FIRST_ROUND)
    second = lab.start(clone="clone-2", home=lab.other_home())
    ran = lab.expect(second, 13, "held by", "since")
    assert first.directory is not None
    assert first.directory.name in ran.console, "the second does not name the first"
    first.kill()
    third = lab.start(clone="clone-2", home=lab.other_home())
    lab.expect(third, 0)
    lab.expect_upgraded(rounds=2)


@fault("two controllers start in the same second; the one that wins is killed (-9)")
def two_controllers_at_once(lab: Lab) -> None:
    both = [lab.start(), lab.start(clone="clone-2", home=lab.other_home())]
    winner, loser = lab.one_of(both)
    lab.expect(loser, 13, "held by")
    winner.until_intent(FIRST_ROUND)
    winner.kill()
    lab.run_again()
    lab.expect_upgraded(rounds=2)


@fault("/etc/neteye-release says 4.26 at the planned stop already", release_file="packages")
def release_file_at_planned_stop(lab: Lab) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    running.until_intent("upgrade.run[2]#1")
    assert "4.26" in lab.cluster.read(lab.cluster.active, RELEASE_FILE)
    lab.expect(running, 0, "planned stop")
    lab.expect_upgraded(rounds=2)


@fault("the same, and the run is killed (-9) right at the planned stop", release_file="packages")
def release_file_and_killed(lab: Lab) -> None:
    running = lab.start()
    running.until_intent("migration.credentials[1][neteye01.neteyelocal]#1")
    running.kill()
    assert "4.26" in lab.cluster.read(lab.cluster.active, RELEASE_FILE)
    lab.run_again()
    lab.expect_upgraded(rounds=2)


@fault(
    "somebody writes 4.26 into /etc/neteye-release of N before the first round",
)
def release_edited_on_n(lab: Lab) -> None:
    _edit(lab, [lab.cluster.active])
    lab.expect(lab.start(), 10, "version-mixed|version-path")
    _restore(lab)
    lab.plan_again()


@fault("somebody writes 4.26 into it on all nodes while the backup is made")
def release_edited_everywhere(lab: Lab) -> None:
    running = lab.start()
    running.until_intent("backup.proved#1")
    _edit(lab, lab.cluster.shorts)
    # whatever the run makes of it, the file alone never counts as an upgrade
    ran = lab.expect(running, (0, 1, 10, 11))
    if ran.code != 0:
        _restore(lab)
        lab.run_again()
    lab.expect_upgraded(rounds=2)


def _edit(lab: Lab, nodes: list[str] | tuple[str, ...]) -> None:
    for node in nodes:
        lab.cluster.shell(node, f"cp -a {RELEASE_FILE} /root/release; sed -i s/4.25/4.26/ $1",
                          RELEASE_FILE)  # fmt: skip


def _restore(lab: Lab) -> None:
    for node in lab.cluster.shorts:
        lab.cluster.shell(node, f"[ ! -e /root/release ] || mv /root/release {RELEASE_FILE}")
