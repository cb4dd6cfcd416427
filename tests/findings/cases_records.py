"""An attempt under way: its records on N, its machines, settings and runbook; and giving it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.findings.case import Case, Deed, Start, green, red
from tests.findings.cases_connection import inventory_corrected
from tests.findings.cases_identity import AT_ONCE
from tests.findings.repairs import remedy_followed

if TYPE_CHECKING:
    from tests.findings.lab import Lab

_RECORDS = "/var/lib/neteye-runbook"
_SPOIL = """
cd "$1"
for file in attempts/*/baseline.json; do
  cp -a "$file" "$file.away"
  if [ -n "$2" ]; then sed -i -E "$2" "$file"; else truncate -s 100 "$file"; fi
  ! cmp -s "$file" "$file.away"
done
"""
_BACK = 'cd "$1"; for file in attempts/*/baseline.json; do mv "$file.away" "$file"; done'


def _spoilt(lab: Lab, edit: str) -> None:
    lab.on_active(_SPOIL, _RECORDS, edit)


def of_another_cluster(lab: Lab) -> None:
    """The records on N are of another cluster."""
    _spoilt(lab, 's/"cluster": "[^"]*"/"cluster": "another.example"/')


def half_a_baseline(lab: Lab) -> None:
    """Half of the baseline on N is gone."""
    _spoilt(lab, "")


def records_brought_back(lab: Lab) -> None:
    """The records brought back to N from the controller that ran the attempt."""
    lab.on_active(_BACK, _RECORDS)


def baseline_of_last_week(lab: Lab) -> None:
    """The attempt was opened a week ago."""
    _spoilt(lab, 's/"taken": "[0-9-]{10}/"taken": "2026-01-05/')


def looked_at_by_hand(lab: Lab) -> None:
    """Fencing, disabled resources and placement checked by hand, and the finding accepted."""
    lab.answers += ["--accept", "baseline-old=all as recorded", "--by", "A. Operator"]


def another_setting(lab: Lab) -> None:
    """The inventory has another value of a setting that steers the run."""
    lab.give(runbook_reactivate_after_update="no")


def another_runbook(lab: Lab) -> None:
    """The runbook of this controller is another version."""
    source = lab.clone / "runbook" / "__init__.py"
    source.write_text(f"{source.read_text()}\n# another text\n")


def that_runbook(lab: Lab) -> None:
    """The version of the runbook that opened the attempt is taken."""
    source = lab.clone / "runbook" / "__init__.py"
    source.write_text(source.read_text().removesuffix("\n# another text\n"))


_ONE_MORE = """
cd "$1"
{ echo $(($(sed -n 1p lock) + 1)); sed 1d lock; } > lock.new
touch -r lock lock.new
mv lock.new lock
"""


def a_generation_of_nobody(lab: Lab) -> None:
    """A run had the lock on N that left neither a journal nor a note."""
    lab.on_active(_ONE_MORE, _RECORDS)


def known_to_have_changed_nothing(lab: Lab) -> None:
    """The other controllers looked through: no run was started then. The finding accepted."""
    lab.answers += ["--accept", "run-missing=a lock edited by hand", "--by", "A. Operator"]


def another_machine(lab: Lab) -> None:
    """OTHER was set up anew: its machine id is another one."""
    lab.cluster.shell(
        lab.cluster.other,
        'cp -a "$1" "$1.away"; tr 0-8 1-9 < "$1.away" > "$1"',
        "/etc/machine-id",
    )


def that_machine(lab: Lab) -> None:
    """The machine of before is back."""
    lab.cluster.shell(lab.cluster.other, 'mv "$1.away" "$1"', "/etc/machine-id")


def cluster_stopped_on_other(lab: Lab) -> None:
    """The cluster is stopped on OTHER."""
    lab.cluster.run(lab.cluster.other, ("pcs", "cluster", "stop", "--force"))


def killed_in_the_first_round(lab: Lab) -> None:
    """The run is killed while `neteye upgrade` goes on on N."""
    lab.set(seconds_per_node=20)
    running = lab.start()
    running.until("neteye upgrade under way", lambda: lab.is_so(lab.cluster.active, _UNDER_WAY))
    running.kill()
    lab.set(seconds_per_node=0)


_UNDER_WAY = f"test -s {_RECORDS}/attempts/*/commands/upgrade-1/nohup.out"


def gone_on_with(lab: Lab) -> None:
    """The upgrade gone on with: the run started without --restore."""


def _going_on(name: str, step: str, codes: str, strike: Deed, repair: Deed, **more: str) -> Case:
    return red(name, Start.FIRST_ROUND, step, codes, 10, repair, strike=strike, **more)


RECORDS: tuple[Case, ...] = (
    _going_on(
        "records-of-another-cluster",
        AT_ONCE,
        "records-foreign",
        of_another_cluster,
        records_brought_back,
    ),
    _going_on(
        "half-a-baseline", AT_ONCE, "records-unreadable", half_a_baseline, records_brought_back
    ),
    red(
        "baseline-of-last-week",
        Start.PLANNED_STOP,
        "baseline.recorded",
        "baseline-old",
        10,
        looked_at_by_hand,
        strike=baseline_of_last_week,
    ),
    _going_on(
        "another-setting",
        "preflight.records",
        "settings-changed",
        another_setting,
        inventory_corrected,
    ),
    _going_on(
        "another-runbook", "preflight.records", "runbook-changed", another_runbook, that_runbook
    ),
    _going_on(
        "a-generation-of-nobody",
        "preflight.records",
        "run-missing",
        a_generation_of_nobody,
        known_to_have_changed_nothing,
    ),
    _going_on("another-machine", AT_ONCE, "machine-changed", another_machine, that_machine),
    red(
        "restore-half-upgraded",
        Start.PLANNED_STOP,
        "restore.upgrade",
        "restore-half-upgraded",
        10,
        gone_on_with,
        arguments=("--restore",),
    ),
    red(
        "restore-while-the-command-runs",
        Start.FIRST_ROUND,
        "restore.commands",
        "restore-while-running",
        10,
        gone_on_with,
        strike=killed_in_the_first_round,
        arguments=("--restore",),
    ),
    green(
        "restore-unverified",
        Start.REACTIVATION,
        "restore.upgrade",
        "restore-unverified",
        arguments=("--restore",),
        is_upgraded=False,
    ),
    red(
        "restore-with-a-node-away",
        Start.REACTIVATION,
        "restore.nodes",
        "restore-unclean",
        1,
        remedy_followed,
        strike=cluster_stopped_on_other,
        arguments=("--restore",),
        again=("--restore",),
        is_upgraded=False,
    ),
)
