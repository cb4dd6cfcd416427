"""A share of a processor for each of several things: control groups with a quota.

What has a share gets no more of the processors than that, and, where all shares together are no
more than there is, no less: as if each were a machine of its own, with a slow processor.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PERIOD = 20_000
"""Microseconds in which a share is used up, or waited for: short beside a question."""
LEAST = 1000
"""Microseconds of it that the kernel takes as a quota at least."""
_OLD, _NEW = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
"""Where quotas are set: control groups version 1, version 2."""


def sshd_of(cluster: str) -> list[int]:
    """The process of each node's sshd in a rehearsal cluster: what a question starts is below it.

    RuntimeError when a node has none, or several.
    """
    wanted = ("--filter", f"label=io.neteye-rehearsal.cluster={cluster}")
    listed = _said("podman", "ps", *wanted, "--format", "{{.ID}}").split()
    nodes = {int(_said("podman", "inspect", "--format", "{{.State.Pid}}", one)) for one in listed}
    found = [child for child, name, parent in _processes() if name == "sshd" and parent in nodes]
    if len(found) != len(nodes):
        raise RuntimeError(f"{len(found)} sshd of {len(nodes)} nodes of the cluster {cluster}")
    return found


def _processes() -> Iterator[tuple[int, str, int]]:
    """Number, name and parent of each process of this machine."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            before, _, after = path.read_text("utf-8", "replace").rpartition(")")
            number, _, name = before.partition(" (")
            yield int(number), name, int(after.split()[1])


def group_of(process: int) -> Path:
    """The control group that sets the processors of a process, and of its container."""
    return group_in(Path(f"/proc/{process}/cgroup").read_text("ascii"))


def group_in(text: str) -> Path:
    """Of what /proc says of a process.

    >>> group_in("0::/machine/node/init.scope")
    PosixPath('/sys/fs/cgroup/machine/node')
    """
    groups = {names: path for _, names, path in (line.split(":", 2) for line in text.splitlines())}
    for names, path in groups.items():
        if "cpu" in names.split(","):
            return _OLD / path.lstrip("/")
    # systemd has groups of its own below the container's
    return _NEW / groups[""].lstrip("/").removesuffix("/init.scope")


@contextmanager
def limited(groups: Sequence[Path], share: float) -> Iterator[None]:
    """Each of the groups has this share of a processor, as long as the block runs.

    ValueError where the kernel takes no quota as small as that.
    """
    quota = int(share * PERIOD)
    if quota < LEAST:
        raise ValueError(f"{share:.3f} of a processor is less than the kernel can give")
    with ExitStack() as stack:
        for group in groups:
            stack.callback(_set, group, None)
            _set(group, quota)
        yield


def _set(group: Path, quota: int | None) -> None:
    if (group / "cpu.cfs_quota_us").exists():
        (group / "cpu.cfs_period_us").write_text(str(PERIOD), encoding="ascii")
        (group / "cpu.cfs_quota_us").write_text(str(quota or -1), encoding="ascii")
    else:
        (group / "cpu.max").write_text(f"{quota or 'max'} {PERIOD}", encoding="ascii")


@contextmanager
def own_group(name: str, process: int) -> Iterator[Path]:
    """A control group for this process and what it starts, as long as the block runs."""
    former = group_of(process)
    group = (_OLD if _OLD.exists() else _NEW) / name
    group.mkdir(exist_ok=True)
    _enter(group, process)
    try:
        yield group
    finally:
        _leave(group, former)


def _enter(group: Path, process: int) -> None:
    (group / "cgroup.procs").write_text(str(process), encoding="ascii")


def _leave(group: Path, former: Path) -> None:
    """All that is left in it goes back, until nothing is; a process that ends meanwhile is none."""
    until = time.monotonic() + 30
    while (
        left := (group / "cgroup.procs").read_text("ascii").split()
    ) and time.monotonic() < until:
        for process in left:
            with suppress(ProcessLookupError):
                _enter(former, int(process))
    group.rmdir()


def _said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
