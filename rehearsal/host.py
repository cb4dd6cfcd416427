"""The controller machine: what must be there, and installing what is missing."""

import contextlib
import ctypes
import errno
import os
import shutil
from pathlib import Path

from rehearsal.errors import CommandError, RehearsalError
from rehearsal.run import run
from rehearsal.state import machine_lock

# Program that proves it -> Debian package.
_TOOLS = {
    "podman": "podman",
    "runc": "runc",
    "conmon": "conmon",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mmdebstrap": "mmdebstrap",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
_FILES = {"/usr/lib/podman/netavark": "netavark"}
_CGROUP = Path("/sys/fs/cgroup")
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_PER_NODE = 10
"""systemd takes 5 of a node and dbus 1 (measured); the rest is for what comes and goes."""


def prepare() -> list[str]:
    """Install missing Debian packages; returns their names, an empty list when all was there.

    Raises RehearsalError in one sentence when this machine can't carry a rehearsal cluster.
    """
    require_root()
    missing = _missing_packages() and _installed()
    _require_cgroup()
    _require_podman()
    return missing


def _installed() -> list[str]:
    """What was missing and is there now. Of clusters that start at once, one installs it."""
    with machine_lock():
        missing = _missing_packages()
        if missing:
            _install(missing)
        return missing


def require_root() -> None:
    """Raise RehearsalError unless this process is root's."""
    if os.geteuid() != 0:
        raise RehearsalError(
            "The rehearsal cluster needs root (rootful podman, address and mount handling);"
            " run the command again as root, for example with sudo."
        )


def _missing_packages() -> list[str]:
    packages = {
        package for tool, package in _TOOLS.items() if shutil.which(tool, path=_PATH) is None
    }
    packages |= {package for file, package in _FILES.items() if not Path(file).exists()}
    return sorted(packages)


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _install(packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise RehearsalError(
            f"Missing on this machine: {', '.join(packages)}, and there is no apt-get to install"
            " them; install them by hand or use a Debian 12 machine."
        )
    print(f"installing {' '.join(packages)} ...", flush=True)
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    try:
        run(["apt-get", "update", "-q"], timeout=300, env=environment)
        run(command, timeout=600, env=environment)
    except CommandError as failed:
        last = (failed.output.strip().splitlines() or ["no output"])[-1]
        raise RehearsalError(
            f"{', '.join(packages)} could not be installed ({last});"
            " check the package sources and the network, then run the command again."
        ) from failed


def _require_cgroup() -> None:
    """systemd in a container needs cgroup v2, or the `systemd` hierarchy of v1."""
    pure_v2 = (_CGROUP / "cgroup.controllers").exists()
    if not pure_v2 and not (_CGROUP / "systemd").is_dir():
        raise RehearsalError(
            f"No cgroup for systemd in containers: neither {_CGROUP}/cgroup.controllers nor"
            f" {_CGROUP}/systemd is there; mount a cgroup2 file system at {_CGROUP}."
        )
    probe = _CGROUP if pure_v2 else _CGROUP / "systemd"
    if not os.access(probe, os.W_OK) or os.statvfs(probe).f_flag & os.ST_RDONLY:
        raise RehearsalError(
            f"{probe} is read-only, so systemd in containers can't start; run this on a machine"
            " or in a privileged container where it is writable."
        )


def _require_podman() -> None:
    try:
        run(["podman", "--runtime", "runc", "info"], timeout=60)
    except CommandError as failed:
        last = (failed.output.strip().splitlines() or ["no output"])[-1]
        raise RehearsalError(
            f"podman is installed but does not work here ({last});"
            " `podman info` shows more, and must succeed first."
        ) from failed


def make_room(nodes: int) -> None:
    """See to it that so many more nodes can start: raises the kernel's limit of inotify instances.

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
