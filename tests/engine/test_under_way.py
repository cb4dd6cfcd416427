"""What the last lines say of a command whose end is not on record: only what is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.record.memory import Memory
from engine.report.audit.page import render
from engine.report.last_lines import last_lines
from engine.report.summary import summary_of
from engine.report.under_way import as_seen, in_place
from tests.engine import kit
from tests.engine.kit import SECOND, event
from tests.evidence import journals

STATES = (("ended", 0), ("gone", None), ("lost", None), ("running", None), (None, None))
CLOSED = event("attempt-closed", attempt="a", by="restore")
RESTORE = {"mode": "restore", "scope": "restore"}


def told(started: dict[str, Any], *after: dict[str, Any]) -> list[str]:
    upgrade = kit.intent("upgrade.run[1]", detached="upgrade-1", what="neteye upgrade")
    found = event("position", position="upgraded", active=kit.N, attempt="a", records="known")
    end = event("run-ended", 99, outcome="done", exit_code=0)
    summary = summary_of([started, found, *after, end], [journals.started(run="e"), upgrade])
    return last_lines(summary, Path("reports/r"))


def seen(state: str | None, status: int | None) -> tuple[dict[str, Any], ...]:
    if state is None:
        return ()
    return (event("command-seen", key="upgrade.run[1]#1", state=state, status=status),)


@pytest.mark.parametrize(("state", "status"), STATES)
def test_of_a_closed_attempt_no_run_reads_anything(state: str | None, status: int | None) -> None:
    lines = "\n".join(told(journals.started(**RESTORE), CLOSED, *seen(state, status)))
    assert "neteye upgrade on" in lines
    assert "run again" not in lines
    assert "the attempt is closed: no run" in lines
    assert f"{kit.N}:/var/lib/neteye-runbook/attempts/a/commands/upgrade-1/nohup.out" in lines


@pytest.mark.parametrize(("state", "status"), STATES)
def test_a_restore_leaves_it_to_the_upgrade(state: str | None, status: int | None) -> None:
    lines = "\n".join(told(journals.started(**RESTORE), *seen(state, status)))
    assert "run again without --restore" in lines


@pytest.mark.parametrize(("state", "status"), STATES)
def test_the_upgrade_itself_goes_on_with_it(state: str | None, status: int | None) -> None:
    lines = "\n".join(told(journals.started(), *seen(state, status)))
    assert "run again" in lines
    assert "--restore" not in lines


# what is still in place, and whether it can be given back from there

TAKEN = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
# rounds of update and upgrade, their exit status ('' while there is none), and what is refused
WAYS_OUT = (
    ({"update-1": "1"}, None, ""),
    ({"update-1": "0"}, None, ""),
    ({"update-1": ""}, "gone", ""),
    ({"update-1": ""}, "ended", ""),
    ({"update-1": ""}, "running", "while the command runs"),
    ({"update-1": ""}, None, "while the command runs"),
    ({"update-1": "0", "upgrade-1": ""}, "running", "while the command runs"),
    ({"update-1": "0", "upgrade-1": ""}, "gone", "half-upgraded"),
    ({"update-1": "0", "upgrade-1": "1"}, None, "half-upgraded"),
    ({"upgrade-1": "1", "upgrade-2": "0"}, None, ""),
)


@pytest.mark.parametrize(("rounds", "state", "refused"), WAYS_OUT)
def test_a_restore_is_the_way_out_only_where_it_is_not_refused(
    rounds: dict[str, str], state: str | None, refused: str
) -> None:
    events: list[dict[str, Any]] = []
    for name, status in rounds.items():
        step = name.replace("-1", ".run[1]").replace("-2", ".run[2]")
        events.append(kit.intent(step, detached=name, what="neteye", opens=TAKEN))
        if status:
            outcome = "ok" if status == "0" else "failed"
            events.append(kit.result(step, outcome=outcome, code=int(status)))
    found = event("position", position="updated", active=kit.N, attempt="a", records="known")
    last = f"{next(reversed(rounds)).replace('-1', '.run[1]')}#1"
    seen_last = [event("command-seen", key=last, state=state, status=None)] if state else []
    commands = {"again": "pytest runbook", "restore": "pytest runbook --restore"}
    own = [journals.started(commands=commands), found, *events, *seen_last]
    own.append(event("run-ended", 99, outcome="failed", exit_code=1))
    lines = last_lines(summary_of(own), Path("reports/r"))
    assert any(line.startswith("STILL IN PLACE") for line in lines)
    text = "\n".join(lines)
    assert "run the upgrade again" in text
    assert ("pytest runbook --restore" in text) is not refused
    assert refused in text


BEGUN = kit.intent("update.run", detached="update-1", what="neteye", opens=[*TAKEN, {
    "kind": "standby", "subject": SECOND, "former": "active"}])  # fmt: skip
ENDED = {**kit.result("update.run"), "time": kit.event("x", 50)["time"]}
IN_STANDBY = [
    journals.lasting(10, None, state="off"), journals.lasting(20, 10, SECOND, "entered"),
]  # fmt: skip
TAKEN_BACK = [
    journals.lasting(40, 30, SECOND, "left"), journals.lasting(45, 40, state="on"),
]  # fmt: skip

PROBABLY = "probably changed, as neteye does so and its end is not on record"
PERHAPS = "perhaps changed, as nobody has looked since the end of neteye"


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        # begun, and nobody has looked since
        ([], f"none seen; {PROBABLY}: fencing of cluster, standby of {SECOND}"),
        ([IN_STANDBY[0]], f"fencing of cluster; {PROBABLY}: standby of {SECOND}"),
        # the command itself, or a person, gave it back, and the last look after it saw that
        ([*IN_STANDBY, *TAKEN_BACK, ENDED, journals.status(60)],
         f"none; on the books, but seen to be given back: fencing of cluster, standby of {SECOND}"),
        # looked at while the command may do it once more
        ([*IN_STANDBY, *TAKEN_BACK, journals.status(49)],
         f"none seen; {PROBABLY}: fencing of cluster, standby of {SECOND}"),
        ([*IN_STANDBY, *TAKEN_BACK, journals.status(49), ENDED],
         f"none seen; {PERHAPS}: fencing of cluster, standby of {SECOND}"),
        ([*IN_STANDBY, TAKEN_BACK[1], ENDED, journals.status(60)],
         f"standby of {SECOND}; on the books, but seen to be given back: fencing of cluster"),
        ([ENDED, journals.status(60)],
         f"none; on the books, but not seen: fencing of cluster, standby of {SECOND}"),
    ],
)  # fmt: skip
def test_what_is_in_place_is_told_as_it_was_seen_last(
    seen: list[dict[str, Any]], told: str
) -> None:
    """The books alone called a node that was active again `still in place`."""
    events = [BEGUN, *seen]
    entries = as_seen(Memory.fold(events), events)
    assert in_place(entries) == told
    own = [journals.started(), *events, event("run-ended", 99, outcome="failed", exit_code=1)]
    left = {one["kind"] for one in summary_of(own)["ledger"]}
    assert left == {one.kind for one in entries if not one.gone}
    section = render(own, []).partition('id="ledger"')[2].partition("</section>")[0]
    assert section.count('<strong class="missing">') == len(left), "the page tells the same"


def test_of_a_short_change_of_a_closed_attempt_nobody_looks_for_the_effect() -> None:
    short = kit.intent("ocs.restarted", what="restart httpd")
    found = event("position", position="upgraded", active=kit.N, attempt="a", records="known")
    events = [journals.started(**RESTORE), found, short, CLOSED]
    lines = "\n".join(last_lines(summary_of(events), Path("reports/r")))
    assert "NOT KNOWN HOW IT ENDED: restart httpd" in lines
    assert "the attempt is closed: no run" in lines
