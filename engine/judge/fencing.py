"""Fencing: switched off while the upgrade runs, given back as it was."""

from __future__ import annotations

from collections.abc import Collection

from engine.judge import healing
from engine.judge.resources import Wanted, judge_resources
from engine.model.cluster import ClusterStatus, FenceEvent, Resource
from engine.model.finding import Command, Finding


def stopped_fence_devices(status: ClusterStatus) -> frozenset[str]:
    """Ids of the fence devices that are not running, for the baseline."""
    return frozenset(r.id for r in status.fence_devices if not r.is_started)


def failed_fence_devices(status: ClusterStatus) -> frozenset[str]:
    """Ids of the fence devices that failed, or have a failed action on record, for the baseline."""
    on_record = {failure.resource for failure in status.failures}
    return frozenset(r.id for r in status.fence_devices if r.failed or r.id in on_record)


def fencing_is(
    status: ClusterStatus, wanted: bool | None, *, at_rest: bool = False
) -> tuple[Finding, ...]:
    """Fencing in force is `wanted`; None: its former value is unknown, which is a finding.

    `at_rest`: as at the baseline, while no command of the vendor's needs it to be off. Code:
    `fencing-state`.
    """
    is_on = status.options.stonith_enabled
    if is_on is wanted:
        return ()
    seen = f"fencing is {_word(is_on)} (stonith-enabled={str(is_on).lower()})"
    if wanted is None:
        expected = "the value from before the attempt, which is not on record"
        remedy = "Find out whether fencing was enabled before the attempt and set it so by hand."
        commands: tuple[Command, ...] = ()
    else:
        expected = _word(wanted)
        remedy = _AS_BEFORE if at_rest and not wanted else _REMEDY[wanted]
        commands = healing.property_set(status, "stonith-enabled", str(wanted).lower())
    plain = Finding("fencing-state", "cluster", seen, expected, remedy, ("fencing-as-before",))
    return (plain.healed_by(*commands),)


def _word(is_on: bool) -> str:
    return "enabled" if is_on else "disabled"


_REMEDY = {
    True: "When the cluster is normal and the fence devices are right, enable it.",
    False: "A node could be fenced in the middle of the upgrade. When a command of the upgrade"
    " failed before it disabled fencing, the next round does it; else find out who enabled it, and"
    " disable it again.",
}
_AS_BEFORE = (
    "It was disabled when the attempt began, and is left so by it: find out who enabled it, and"
    " disable it again. It may be enabled when the upgrade is over."
)


def fence_devices_started(
    status: ClusterStatus, excused: Collection[str] = (), *, will_be_on: bool = False
) -> tuple[Finding, ...]:
    """When fencing is on, or is to come on, every fence device is Started and without a fault.

    `excused` are those that did not run at the baseline. Codes: `fence-device-stopped`, and
    those of `judge_resources` for faults of another kind. Nothing when fencing stays off: pacemaker
    starts its devices all the same.
    """
    if not (status.options.stonith_enabled or will_be_on):
        return ()
    devices = [r for r in status.fence_devices if r.id not in excused]
    stopped = [r for r in devices if _is_plainly_stopped(r)]
    others = [r for r in devices if r not in stopped]
    anywhere = Wanted(frozenset(node.name for node in status.nodes))
    return (
        *(_stopped(status, device) for device in stopped),
        *judge_resources(status, others, anywhere),
    )


def _is_plainly_stopped(device: Resource) -> bool:
    return device.role == "Stopped" and not device.failed and not device.blocked


def _stopped(status: ClusterStatus, device: Resource) -> Finding:
    is_on = status.options.stonith_enabled
    if device.is_disabled:
        words: tuple[str, ...] = ("stonith", "enable", device.id, healing.WAITING)
        commands = healing.pcs(healing.somewhere(status), *words)
    else:
        commands = healing.cleaned_up(status, device.id)
    return Finding(
        "fence-device-stopped",
        device.id,
        f"fence device {device.id!r} is {device.role}"
        f"{' while fencing is enabled' if is_on else ', and fencing is to be given back'}",
        "Started",
        "Look at `pcs stonith status` and test the device's access, then let the cluster start it.",
        ("fencing-as-before",),
        commands=commands,
    )


def fence_devices_unused(
    status: ClusterStatus, *, is_on_record: bool = False
) -> tuple[Finding, ...]:
    """There are fence devices, but fencing is off: perhaps forgotten. Code: `fencing-off`.

    `is_on_record`: the baseline has it so, and whoever enabled it now would have to undo that.
    """
    devices = status.fence_devices
    if status.options.stonith_enabled or not devices:
        return ()
    return (
        Finding(
            "fencing-off",
            "cluster",
            f"fencing is disabled although there are {len(devices)} fence devices",
            "enabled where there are fence devices",
            "It was so when the attempt began, and is left so. If it was forgotten, enable it when"
            " the upgrade is over."
            if is_on_record
            else "If it was forgotten after an earlier update, enable it before the upgrade; "
            "it will be given back as it is found.",
            ("fencing-as-before",),
            commands=()
            if is_on_record
            else healing.property_set(status, "stonith-enabled", "true"),
        ),
    )


def fence_history(status: ClusterStatus) -> tuple[Finding, ...]:
    """No fencing failed without a later success, and none is under way.

    Codes: `fencing-failed`, `fencing-pending`, `not-observed`.
    """
    if not status.has_fence_history:
        return (_NO_HISTORY,)
    findings: dict[tuple[str, str], Finding] = {}
    for at, event in enumerate(status.fence_events):
        if event.status == "pending":
            findings.setdefault((event.target, event.status), _pending(status, event))
        elif event.status != "success" and not _has_succeeded_later(status, at):
            findings.setdefault((event.target, event.status), _failed(status, event))
    return tuple(findings.values())


def _has_succeeded_later(status: ClusterStatus, at: int) -> bool:
    """Compares the times; where one is missing, the order: crm_mon tells the newest first."""
    event = status.fence_events[at]
    return any(
        (other.completed > event.completed if other.completed and event.completed else place < at)
        for place, other in enumerate(status.fence_events)
        if other.status == "success"
        and (other.target, other.action) == (event.target, event.action)
    )


_NO_HISTORY = Finding(
    "not-observed",
    "fence history",
    "the fence history was not told: the fencer did not answer",
    "an answer of pacemaker's fencer",
    "`stonith_admin --history '*'` asks it; look at the pacemaker log of the NetEye active node.",
    ("fencing-as-before",),
)


def _failed(status: ClusterStatus, event: FenceEvent) -> Finding:
    when = f" at {event.completed}" if event.completed else ""
    why = f": {event.exit_reason}" if event.exit_reason else ""
    return Finding(
        "fencing-failed",
        event.target,
        f"the last fencing of {event.target} ({event.action}) failed{when}{why}",
        "no fencing that failed: a node that can't be fenced keeps its services from moving",
        f"Test the fence device of {event.target} and mend it; then take the event off the record.",
        ("fencing-as-before",),
        commands=(
            Command(
                healing.somewhere(status),
                ("pcs", "stonith", "history", "cleanup", status.spelled(event.target)),
            ),
        ),
    )


def _pending(status: ClusterStatus, event: FenceEvent) -> Finding:
    asked = f", asked for by {event.origin}" if event.origin else ""
    origin = status.spelled(event.origin or "NODE")
    return Finding(
        "fencing-pending",
        event.target,
        f"a fencing of {event.target} ({event.action}) is under way{asked}",
        "no fencing under way",
        # a cleanup leaves it out; the fencer that asked reports it failed once it is restarted
        "Wait for its end (`pcs stonith history`). One that never ends was lost with the fencer of"
        f" {origin}, which asked for it: start the cluster anew there when that node can be spared"
        f" (`pcs cluster stop {origin}` and `pcs cluster start {origin}`); then `pcs stonith"
        f" history cleanup {status.spelled(event.target)}`. Or accept this finding.",
        ("fencing-as-before",),
    )
