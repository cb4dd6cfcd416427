"""Calls of podman; only this module and `rehearsal.network` know its options.

`runc` is named explicitly where it is: Debian's crun gives up the controllers on a hybrid cgroup
hierarchy, while runc works on hybrid and on pure version 2 alike (rehearsal facts, section 2).
"""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from rehearsal.run import run

LABEL = "io.neteye-rehearsal.cluster"
CGROUP = Path("/sys/fs/cgroup")
_PODMAN = "podman"
# SYS_ADMIN: bind mounts; NET_ADMIN: addresses, iptables; NET_RAW: ARP, ping; SYS_BOOT: reboot(2)
# ends the container's process namespace, which is how a fenced node stops at once
_CAPABILITIES = "SYS_ADMIN,NET_ADMIN,NET_RAW,SYS_BOOT"
_WANTED_LIMIT = 8192


def is_installed() -> bool:
    """Whether there can be containers here at all; a bare machine has no podman yet."""
    return shutil.which(_PODMAN) is not None


def runtimes(cgroup: Path = CGROUP) -> tuple[str, ...]:
    """The runtimes that carry a node here, the preferred one first."""
    return ("runc", "crun") if (cgroup / "cgroup.controllers").exists() else ("runc",)


def runtime() -> str:
    """The runtime that is used: the first that is there, or that is missing."""
    found = runtimes()
    return next((name for name in found if shutil.which(name)), found[0])


def podman(
    *words: str, timeout: float = 60, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one podman command; see `rehearsal.run.run` for errors."""
    return run([_PODMAN, "--runtime", runtime(), *words], timeout=timeout, check=check, stdin=stdin)


@dataclass(frozen=True)
class Container:
    """A container as podman lists it."""

    name: str
    state: str
    image: str

    @property
    def is_running(self) -> bool:
        return self.state == "running"


def containers(cluster: str) -> dict[str, Container]:
    """All containers of a cluster, by name, running or not."""
    listing = podman("ps", "--all", "--filter", f"label={LABEL}={cluster}", "--format", "json")
    entries = json.loads(listing.stdout or "[]") or []
    found = (Container(e["Names"][0], e["State"], e["ImageID"]) for e in entries)
    return {container.name: container for container in found}


def remove_containers(names: Iterable[str]) -> None:
    """Remove containers at once, running or not; those that are not there don't matter."""
    wanted = sorted(names)
    if wanted:
        podman("rm", "--force", "--ignore", "--time", "0", "--volumes", *wanted, timeout=120)


def limits() -> list[str]:
    """Options for the number of files and processes: never above the host's hard limits.

    And none of a security module: SELinux would keep the cluster's files from a node, AppArmor its
    mounts, and each has profiles of its own on each host.
    """
    options = ["--security-opt", "label=disable", "--security-opt", "apparmor=unconfined"]
    for name, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = resource.getrlimit(kind)[1]
        value = _WANTED_LIMIT if hard == resource.RLIM_INFINITY else min(_WANTED_LIMIT, hard)
        options += ["--ulimit", f"{name}={value}:{value}"]
    return options


@dataclass(frozen=True)
class NodeContainer:
    """How to start one node."""

    name: str
    cluster: str
    hostname: str
    image: str
    network: str
    address: IPv4Address
    volumes: Mapping[str, str]  # directory inside -> `source[:options]`


def start_node(node: NodeContainer) -> None:
    """Start a node's container, detached."""
    volumes = []
    for inside, source in node.volumes.items():
        directory, _, options = source.partition(":")
        volumes += ["--volume", f"{directory}:{inside}" + (f":{options}" if options else "")]
    podman(
        "run",
        "--detach",
        "--replace",
        "--name",
        node.name,
        "--hostname",
        node.hostname,
        "--label",
        f"{LABEL}={node.cluster}",
        "--network",
        f"{node.network}:ip={node.address}",
        # real files in the image's place: podman's own could not be edited
        "--no-hosts",
        "--dns=none",
        "--systemd=always",
        "--cap-add",
        _CAPABILITIES,
        "--shm-size",
        "256m",
        # df must say something of /boot
        "--tmpfs",
        "/boot:size=512m,mode=755",
        *limits(),
        *volumes,
        node.image,
        "/usr/lib/neteye-rehearsal/boot.py",
        timeout=120,
    )


def start_beside(
    name: str, *, cluster: str, image: str, network: str, volumes: Sequence[str]
) -> None:
    """Start a container that is no node, and does nothing by itself; `network` as podman has it."""
    dns = () if network == "none" else ("--dns=none",)
    podman(
        "run",
        "--detach",
        "--replace",
        "--name",
        name,
        "--hostname",
        name,
        "--label",
        f"{LABEL}={cluster}",
        "--network",
        network,
        *dns,
        *limits(),
        *(word for volume in volumes for word in ("--volume", volume)),
        image,
        "sleep",
        "infinity",
        timeout=120,
    )


# what an ssh command of root gets; the image's own is podman's
_ENVIRONMENT = (
    *("env", "-i", "HOME=/root", "container=podman"),
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
)
_inits: dict[str, tuple[int, str]] = {}
"""Container -> its init on this machine, with its start time: a pid may come again."""


def execute(
    container: str, argv: Sequence[str], *, timeout: float = 60, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command in a running container.

    By nsenter, at a tenth of what `podman exec` costs: waiting asks again and again. In a
    container that does not run it fails in podman's own words.
    """
    init = _init_of(container)
    if init is None:
        return podman("exec", container, *argv, timeout=timeout, check=check)
    enter = ("nsenter", f"--target={init}", "--all", "--root", "--wd", "--", *_ENVIRONMENT)
    return run([*enter, *argv], timeout=timeout, check=check)


_LISTENS = "0A"
"""The state of sockets that take connections in /proc/net/tcp."""


def listens(container: str, port: int) -> bool:
    """Whether a running container takes TCP connections at that port; costs no process there."""
    init = _init_of(container)
    for name in ("tcp", "tcp6"):
        # the node may have ended, or its kernel has no IPv6
        with suppress(FileNotFoundError, ProcessLookupError):
            if init and port in listening(Path(f"/proc/{init}/net/{name}").read_text("ascii")):
                return True
    return False


def listening(table: str) -> set[int]:
    """The ports that take connections, of the text of /proc/net/tcp.

    >>> listening("sl local rem st\\n 0: 00000000:0016 00000000:0000 0A 00\\n")
    {22}
    """
    rows = [line.split() for line in table.splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENS}


def _init_of(container: str) -> int | None:
    known = _inits.get(container)
    if known is not None and _start_of(known[0]) == known[1]:
        return known[0]
    answer = podman("inspect", "--format", "{{.State.Pid}}", container, check=False)
    pid = int(answer.stdout.strip() or 0) if answer.returncode == 0 else 0
    started = _start_of(pid) if pid else ""
    if not started:
        _inits.pop(container, None)
        return None
    _inits[container] = (pid, started)
    return pid


def _start_of(pid: int) -> str:
    """When a process was started, in ticks; empty when it is not there or has ended."""
    try:
        state, *others = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "ZX" else others[18]


def image_exists(reference: str) -> bool:
    """True when the image is in local storage."""
    return podman("image", "exists", reference, check=False).returncode == 0


def architecture() -> str:
    """What this machine's images are for, as podman calls it: `amd64`."""
    return podman("info", "--format", "{{.Host.Arch}}").stdout.strip()


def graph_root() -> Path:
    """Where podman keeps images and containers."""
    return Path(podman("info", "--format", "{{.Store.GraphRoot}}").stdout.strip())


def temporary() -> Path:
    """Where podman puts an image down while it reads it."""
    return Path(os.environ.get("TMPDIR", "/var/tmp"))
