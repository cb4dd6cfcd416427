"""The kernel of a node's next start: another one than now, and one that can serve DRBD."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.finding import Command, Finding
from engine.model.host import Kernels

REBOOT_NEEDED = "reboot-needed"


def reboot_needed(found: Mapping[str, Kernels]) -> tuple[Finding, ...]:
    """Another kernel than the running one is the newest. Code: `reboot-needed`, subject the node.

    Where that kernel can't serve DRBD, the finding says so: a reboot would take the node's data.
    """
    return tuple(
        Finding(
            code=REBOOT_NEEDED,
            subject=node,
            observed=f"kernel {kernels.running} runs, {kernels.newest} is installed"
            + (", which has no DRBD module" if lacks_drbd(kernels) else ""),
            expected="the kernel running that the next start takes",
            commands=_default_again(node, kernels),
            remedy=f"{_way_out(kernels)}; reboot only then, one node at a time, each in standby."
            if lacks_drbd(kernels)
            else "Plan a reboot, before the upgrade or when it is over, one node at a time, each in"
            " standby; the runbook does none.",
        )
        for node, kernels in found.items()
        if kernels.newest not in (None, kernels.running)
    )


def next_start_serves_drbd(found: Mapping[str, Kernels]) -> tuple[Finding, ...]:
    """A node that uses DRBD comes back with it after any restart, planned or by fencing.

    Code: `kernel-without-drbd`, subject the node.
    """
    return tuple(
        Finding(
            code="kernel-without-drbd",
            subject=node,
            observed=f"the next start takes kernel {kernels.newest}, which has no drbd.ko below"
            f" /lib/modules/{kernels.newest}; {kernels.running} runs now, with DRBD",
            expected="a DRBD module for the kernel that the next start takes: a node that is fenced"
            " or rebooted during the upgrade comes back without its data otherwise",
            remedy=f"{_way_out(kernels)}; then run again.",
            commands=_default_again(node, kernels),
        )
        for node, kernels in found.items()
        if lacks_drbd(kernels)
    )


def _way_out(kernels: Kernels) -> str:
    module = "Install the DRBD module for that kernel (kmod-drbd of the vendor's repository)"
    if kernels.newest == kernels.running:
        return module
    return f"{module}, or make the kernel that runs the default again"


def _default_again(node: str, kernels: Kernels) -> tuple[Command, ...]:
    """The next start takes the kernel that runs, with DRBD."""
    if not lacks_drbd(kernels) or kernels.newest == kernels.running:
        return ()
    return (Command(node, ("grubby", "--set-default", f"/boot/vmlinuz-{kernels.running}")),)


def lacks_drbd(kernels: Kernels) -> bool:
    """DRBD is in use, and the next start takes a kernel without its module."""
    return kernels.uses_drbd and kernels.newest is not None and not kernels.newest_has_drbd


def sentence(found: Mapping[str, Kernels]) -> str:
    """What was seen, in words."""
    known = [kernels for kernels in found.values() if kernels.newest is not None]
    if not known:
        return f"no kernel is installed as an rpm on {len(found)} nodes"
    waiting = sum(kernels.newest != kernels.running for kernels in known)
    with_drbd = sum(kernels.uses_drbd for kernels in known)
    return (
        f"kernels of {len(known)} nodes: a newer one waits on {waiting}; {with_drbd} use DRBD, the"
        f" next start has no module for it on {sum(map(lacks_drbd, known))}"
    )
