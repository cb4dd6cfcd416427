"""Full and read-only file systems, on N and on the controller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.run import run
from tests.faults.fault import fault
from tests.faults.lab import FIRST_ROUND, Lab

FILLER = "filled-by-the-rehearsal"
SMALL = "small-disks"
SHRINK_AND_FILL = """
used=$(df --output=used -B1 "$1" | tail -n 1)
mount -o "remount,size=$((used + (16 << 20)))" "$1"
head -c 64M /dev/zero > "$1/$2" 2>/dev/null && exit 1
[ "$(df --output=avail -B1 "$1" | tail -n 1)" -eq 0 ]
"""


@contextmanager
def _full(lab: Lab, directory: str) -> Iterator[None]:
    """A file system of limited size on N gets still smaller, and has no byte left."""
    size = ("df", "--output=size", "-B1", directory)
    before = lab.cluster.run(lab.cluster.active, size).split()[-1]
    lab.cluster.shell(lab.cluster.active, SHRINK_AND_FILL, directory, FILLER)
    try:
        yield
    finally:
        lab.cluster.run(lab.cluster.active, ("rm", "-f", f"{directory}/{FILLER}"))
        enlarged = ("mount", "-o", f"remount,size={before}", directory)
        lab.cluster.run(lab.cluster.active, enlarged)


def _strike(lab: Lab, directory: str, codes: tuple[int, ...]) -> None:
    running = lab.start()
    running.until_intent(FIRST_ROUND)
    lab.until_task(running, "upgrade-1", "packages")
    with _full(lab, directory):
        lab.expect(running, codes, "[Rr]un again")
    lab.run_again()
    lab.expect_upgraded()


@fault("/var of N, a file system of limited size, fills up in `neteye upgrade`", scenario=SMALL)
def var_full(lab: Lab) -> None:
    _strike(lab, "/var", (1, 11, 12))


@fault("/neteye of N, a file system of limited size, fills up in `neteye upgrade`", scenario=SMALL)
def neteye_full(lab: Lab) -> None:
    _strike(lab, "/neteye", (1, 11))


@contextmanager
def _small_reports(lab: Lab, size: str) -> Iterator[Path]:
    """`reports/` of the controller is a file system of its own."""
    reports = lab.project().directory / "reports"
    reports.mkdir(exist_ok=True)
    run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", reports])
    try:
        yield reports
    finally:
        kept = reports.with_name("kept")
        run(["cp", "-a", f"{reports}/.", kept])
        run(["umount", "--lazy", reports])
        kept.rename(reports) if not any(reports.iterdir()) else None


@fault("the controller's disk is full while `neteye upgrade` runs")
def controller_disk_full(lab: Lab) -> None:
    with _small_reports(lab, "16m") as reports:
        running = lab.start()
        running.until_intent(FIRST_ROUND)
        lab.until_task(running, "upgrade-1", "packages")
        run(["sh", "-c", 'head -c 1G /dev/zero > "$1"', "fill", reports / FILLER], check=False)
        lab.expect(running, 1, "[Nn]o space left", "[Rr]un again", evidence=False)
        (reports / FILLER).unlink()
        lab.run_again()
    lab.expect_upgraded(rounds=2)


@fault("`reports/` on the controller can't be written to")
def reports_read_only(lab: Lab) -> None:
    with _small_reports(lab, "16m") as reports:
        run(["mount", "-o", "remount,ro", reports])
        lab.expect(lab.start(), 4, "reports", "Read-only file system")
        run(["mount", "-o", "remount,rw", reports])
        lab.plan_again()
