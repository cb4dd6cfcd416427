"""What limits a machine, and what a cluster needs of it: asked before anything is started.

What is needed is a figure for each role; what is there is read from the kernel. The judgement is a
function of the two. A limit that is too low is told with the command that mends it.
"""

import contextlib
import ctypes
import errno
import os
import resource
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.errors import RehearsalError
from rehearsal.topology import Role

_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_PER_NODE = 10
"""systemd takes 5 of a node and dbus 1 (measured); the rest is for what comes and goes."""
_MB = 10**6
_MEMORY: Mapping[Role, int] = {
    Role.OPERATIVE: 350 * _MB,
    Role.ELASTIC: 30 * _MB,
    Role.VOTING: 155 * _MB,
}
"""Bytes, measured: 300 to 490, 15 to 32 and 47 to 155 MB; five nodes have 1.2 GB in all."""
_TASKS: Mapping[Role, int] = {Role.OPERATIVE: 150, Role.ELASTIC: 30, Role.VOTING: 30}
"""Processes and threads; at rest 49 to 58, 6 and 8 (measured), the rest is for the runbook."""
_FILES = 1024
"""Open files of a process: a whole upgrade ends well with as many (tried)."""


@dataclass(frozen=True)
class Left:
    """How much is left, in bytes or as a number, and what of the machine says so."""

    amount: int
    by: str


@dataclass(frozen=True)
class Machine:
    """What this machine has left for nodes."""

    memory: Left
    tasks: Left
    files: int
    """The hard limit of open files of one process."""


def make_room(counts: Mapping[Role, int]) -> None:
    """See to it that so many nodes can start; RehearsalError names every limit that is too low.

    The kernel's limit of inotify instances is raised, where that can be done from here.
    """
    lacking = lacks(counts, look())
    if lacking:
        raise RehearsalError("\n".join(lacking))
    _make_room_to_watch(sum(counts.values()))


def lacks(counts: Mapping[Role, int], there: Machine) -> list[str]:
    """A sentence for each limit that is too low for such a cluster."""
    nodes = f"{sum(counts.values())} nodes"
    memory = sum(_MEMORY[role] * number for role, number in counts.items())
    tasks = sum(_TASKS[role] * number for role, number in counts.items())
    found = []
    if there.memory.amount < memory:
        short = memory - there.memory.amount
        found.append(
            f"{nodes} need about {_as_mb(memory)} of memory, and {_as_mb(there.memory.amount)}"
            f" are free ({there.memory.by}). Take fewer, `python -m rehearsal up --nodes"
            f" operative=2`, or {_more_memory(there.memory.by, short)}."
        )
    if there.tasks.amount < tasks:
        found.append(
            f"{nodes} need about {tasks} processes and threads, and {there.tasks.amount} are left"
            f" ({there.tasks.by}). {_more_tasks(there.tasks.by)}"
        )
    if there.files < _FILES:
        found.append(
            f"A process may open {there.files} files here (hard limit nofile), and a node needs"
            f" {_FILES}. `prlimit --pid $$ --nofile=8192:8192` raises it for this shell; of a"
            " container it is an option of its start, `--ulimit nofile=8192:8192`."
        )
    return found


def _more_memory(by: str, short: int) -> str:
    size = f"{-(-short // 2**30)}G"
    if by.startswith(str(_CGROUP)):
        return f"give this container {size} more, by `podman update --memory` on its host"
    return (
        f"add swap: `fallocate -l {size} /swapfile && chmod 600 /swapfile && mkswap /swapfile"
        " && swapon /swapfile`"
    )


def _more_tasks(by: str) -> str:
    if by.startswith(str(_CGROUP)):
        return "Start this container anew on its host, with `--pids-limit=-1`."
    return f"`sysctl -w {by}=131072` raises it; of a container, on its host."


def look(proc: Path = _PROC, cgroup: Path = _CGROUP) -> Machine:
    """What this machine has left, by its kernel and by the cgroup that it is in.

    Raises RehearsalError where the kernel does not tell.
    """
    try:
        memory, tasks = _of_kernel(proc)
        memory += _of_cgroup(cgroup, "memory", "max", "current", "inactive_file")
        memory += _of_cgroup(
            cgroup / "memory", "memory", "limit_in_bytes", "usage_in_bytes", "total_inactive_file"
        )
        tasks += _of_cgroup(cgroup, "pids", "max", "current")
        tasks += _of_cgroup(cgroup / "pids", "pids", "max", "current")
    except (OSError, LookupError, ValueError) as failed:
        raise RehearsalError(
            f"What this machine has left for nodes can't be read: {failed}. {proc} and {cgroup}"
            " have to be the kernel's own, whole and readable; in a container they may be hidden."
        ) from failed
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return Machine(_least(memory), _least(tasks), 2**31 if hard == resource.RLIM_INFINITY else hard)


def _of_kernel(proc: Path) -> tuple[list[Left], list[Left]]:
    memory = available_memory((proc / "meminfo").read_text("ascii"))
    running = int((proc / "loadavg").read_text("ascii").split()[3].partition("/")[2])
    tasks = [
        Left(int((proc / "sys/kernel" / name).read_text("ascii")) - running, f"kernel.{name}")
        for name in ("threads-max", "pid_max")
    ]
    return [Left(memory, "MemAvailable, swap")], tasks


def _least(found: list[Left]) -> Left:
    return min(found, key=lambda left: left.amount)


def available_memory(meminfo: str) -> int:
    """Bytes that processes can have, with free swap, of the text of /proc/meminfo.

    >>> available_memory("MemTotal: 9 kB\\nMemAvailable: 5 kB\\nSwapFree: 2 kB\\n")
    7168
    """
    rows = (line.replace(":", " ").split() for line in meminfo.splitlines())
    kilobytes = {row[0]: int(row[1]) for row in rows if len(row) > 1}
    return (kilobytes["MemAvailable"] + kilobytes.get("SwapFree", 0)) * 1024


def _of_cgroup(
    folder: Path, controller: str, limit: str, used: str, reclaimable: str | None = None
) -> list[Left]:
    """What a cgroup leaves; empty where it has no such files, as a machine's root, or no limit.

    `reclaimable` is the line of `memory.stat` that counts what the kernel gives back when asked.
    """
    source = folder / f"{controller}.{limit}"
    try:
        most = source.read_text("ascii").strip()
        taken = int((folder / f"{controller}.{used}").read_text("ascii"))
        if reclaimable is not None:
            rows = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
            taken -= next((int(row[1]) for row in rows if row[0] == reclaimable), 0)
    except FileNotFoundError:
        return []
    return [] if most == "max" else [Left(int(most) - taken, str(source))]


def require_disk(what: str, needed: Iterable[tuple[Path, int]]) -> None:
    """RehearsalError when a folder's file system has less than so many bytes.

    A folder need not be there yet. Of several in one file system the sum is asked.
    """
    sums: dict[int, int] = {}
    for folder, size in needed:
        there = folder
        while not there.exists():
            there = there.parent
        state, device = os.statvfs(there), there.stat().st_dev
        sums[device] = sums.get(device, 0) + size
        lacking = lacks_disk(what, sums[device], there, state.f_bavail * state.f_frsize)
        if lacking is not None:
            raise RehearsalError(lacking)


def lacks_disk(what: str, needed: int, folder: Path, free: int) -> str | None:
    """The sentence about a disk that is too full, None when there is room; bytes."""
    if free >= needed:
        return None
    return (
        f"{what} needs {_as_mb(needed)} at {folder}, and {_as_mb(free)} are free there."
        f" `du -xhd1 {folder} | sort -h` shows what takes the room."
    )


def _as_mb(size: int) -> str:
    return f"{size // _MB} MB"


def _make_room_to_watch(nodes: int) -> None:
    """Raise the kernel's limit of inotify instances when it is too low for so many more nodes.

    Where systemd gets none, a node ends at once and says nothing. RehearsalError when the limit
    can't be raised from here.
    """
    wanted = nodes * _INOTIFY_PER_NODE
    if _can_watch(wanted):
        return
    limit = int(_INOTIFY.read_text(encoding="ascii"))
    raised = max(1024, limit + wanted)
    try:
        _INOTIFY.write_text(f"{raised}\n", encoding="ascii")
    except OSError as failed:
        raise RehearsalError(
            f"{nodes} nodes need about {wanted} inotify instances and so many are not free:"
            f" fs.inotify.max_user_instances is {limit}, and it can't be changed from here"
            f" ({failed.strerror}). `sysctl fs.inotify.max_user_instances={raised}` on the"
            " machine itself (of a container: on its host) makes room; or take fewer nodes."
        ) from failed
    print(f"fs.inotify.max_user_instances was {limit}, too few for {nodes} nodes; now {raised}")


def _can_watch(wanted: int) -> bool:
    """Whether so many inotify instances can be had, by having them for a moment."""
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.ExitStack() as held:
        for _ in range(wanted):
            made = libc.inotify_init1(os.O_CLOEXEC)
            if made < 0:
                number = ctypes.get_errno()
                if number in (errno.EMFILE, errno.ENFILE):
                    return False
                raise RehearsalError(f"inotify can't be asked: {os.strerror(number)}.")
            held.callback(os.close, made)
    return True
