"""Fencing: switched off while the upgrade runs, given back as it was (guide row G27)."""

from __future__ import annotations

from collections.abc import Collection

from engine.model.cluster import ClusterStatus, Resource
from engine.model.finding import Finding
from engine.policy.resources import Wanted, judge_resources


def stopped_fence_devices(status: ClusterStatus) -> frozenset[str]:
    """Ids of the fence devices that are not running, for the baseline."""
    return frozenset(r.id for r in status.fence_devices if not r.is_started)


def fencing_is(status: ClusterStatus, wanted: bool | None) -> tuple[Finding, ...]:
    """Fencing in force is `wanted`; None: its former value is not known, which is a finding too.

    Code: `fencing-state`.
    """
    is_on = status.options.stonith_enabled
    if is_on is wanted:
        return ()
    seen = f"fencing is {_word(is_on)} (stonith-enabled={str(is_on).lower()})"
    if wanted is None:
        expected = "the value from before the upgrade, which is not on record"
        remedy = "Find out whether fencing was enabled before the upgrade and set it so by hand."
    else:
        expected = f"{_word(wanted)}"
        remedy = _remedy(wanted)
    return (Finding("fencing-state", "cluster", seen, expected, remedy, ("G27",)),)


def _word(is_on: bool) -> str:
    return "enabled" if is_on else "disabled"


def _remedy(wanted: bool) -> str:
    if wanted:
        return (
            "When the cluster is normal and the fence devices are right: "
            "`pcs property set stonith-enabled=true` on the NetEye active node."
        )
    return (
        "A node could be fenced in the middle of the upgrade: find out who enabled fencing; "
        "the vendor's command disables it when it is run again."
    )


def fence_devices_started(
    status: ClusterStatus, excused: Collection[str] = ()
) -> tuple[Finding, ...]:
    """When fencing is on, every fence device is Started and without a fault.

    `excused` are those that did not run at the baseline. Codes: `fence-device-stopped`, and
    those of `judge_resources` for faults of another kind. Nothing when fencing is off.
    """
    if not status.options.stonith_enabled:
        return ()
    devices = [r for r in status.fence_devices if r.id not in excused]
    stopped = [r for r in devices if _is_plainly_stopped(r)]
    others = [r for r in devices if r not in stopped]
    anywhere = Wanted(frozenset(node.name for node in status.nodes))
    return (
        *(_stopped(device) for device in stopped),
        *judge_resources(status, others, anywhere),
    )


def _is_plainly_stopped(device: Resource) -> bool:
    return device.role == "Stopped" and not device.failed and not device.blocked


def _stopped(device: Resource) -> Finding:
    return Finding(
        "fence-device-stopped",
        device.id,
        f"fence device {device.id!r} is {device.role} while fencing is enabled",
        "Started",
        f"Look at `pcs stonith status` and test the device's access; `pcs stonith cleanup "
        f"{device.id}` lets the cluster try again.",
        ("G27",),
    )


def fence_devices_unused(status: ClusterStatus) -> tuple[Finding, ...]:
    """There are fence devices, but fencing is off: perhaps forgotten. Code: `fencing-off`."""
    devices = status.fence_devices
    if status.options.stonith_enabled or not devices:
        return ()
    return (
        Finding(
            "fencing-off",
            "cluster",
            f"fencing is disabled although there are {len(devices)} fence devices",
            "enabled where there are fence devices",
            "If it was forgotten after an earlier update, enable it before the upgrade; "
            "it will be given back as it is found.",
            ("G27",),
        ),
    )
