"""The controller machine: what must be there, and installing what is missing.

Any Linux with podman 4 or newer. Where apt-get is, what is missing is installed; elsewhere the
command that would is told. What builds an image is asked for only where one has to be built.
"""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal import podman
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.run import run
from rehearsal.state import machine_lock

# What proves it, one is enough: a program, or a file where it is no program of the path.
# -> Debian package.
_TOOLS: Mapping[Sequence[str], str] = {
    ("podman",): "podman",
    ("conmon",): "conmon",
    ("ip",): "iproute2",
    ("nsenter",): "util-linux",
    ("ssh",): "openssh-client",
    ("ssh-keygen",): "openssh-client",
    ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark"): "netavark",
}
_FIREWALL = ("iptables", "nft")  # netavark of Debian wants the first, of others either
_BUILDERS = {
    ("mmdebstrap",): "mmdebstrap",
    ("/usr/share/keyrings/debian-archive-keyring.gpg",): "debian-archive-keyring",
}
_OTHER_NAMES: Mapping[str, Mapping[str, str]] = {
    "dnf": {"iproute2": "iproute", "openssh-client": "openssh-clients"},
    "zypper": {"openssh-client": "openssh-clients"},
}
"""Package manager -> Debian's name -> its own, where it is another."""
_LEAST_PODMAN = 4
_CGROUP = podman.CGROUP
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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
    """Debian's names of what a cluster needs and is not there."""
    debian, runtimes = _manager() == "apt-get", podman.runtimes()
    firewall = _FIREWALL[:1] if debian else _FIREWALL
    # the distributions that have one runtime alone have the last
    tools = {**_TOOLS, runtimes: runtimes[0 if debian else -1], firewall: "iptables"}
    return sorted({package for tool, package in tools.items() if not _is_there(tool)})


def _is_there(any_of: Sequence[str]) -> bool:
    """Whether one of these programs or files is there."""
    return any(
        Path(one).exists() if "/" in one else shutil.which(one, path=_PATH) for one in any_of
    )


def _manager() -> str | None:
    """This machine's package manager, one of those that are known here."""
    known = ("apt-get", *_OTHER_NAMES)
    return next((one for one in known if shutil.which(one, path=_PATH)), None)


def missing_builders() -> list[str]:
    """Debian's names of what builds a base image and is not there."""
    return sorted(package for tool, package in _BUILDERS.items() if not _is_there(tool))


def install_builders() -> None:
    """Install what builds a base image; RehearsalError where that can't be.

    The caller holds the machine's lock.
    """
    missing = missing_builders()
    if missing:
        _install(missing)


def _install(packages: list[str]) -> None:
    manager = _manager()
    if manager != "apt-get":
        raise RehearsalError(_by_hand(packages, manager))
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


def _by_hand(packages: list[str], manager: str | None) -> str:
    """The sentence on a machine where a person has to install packages."""
    if manager is None:
        return (
            f"Missing on this machine: {', '.join(packages)} (Debian's names of the packages), and"
            f" there is none of apt-get, {', '.join(_OTHER_NAMES)}; install them by hand."
        )
    others = _OTHER_NAMES[manager]
    names = " ".join(sorted({others.get(package, package) for package in packages}))
    return (
        f"Missing on this machine: {', '.join(packages)}. `{manager} install -y {names}` installs"
        " it; then run the command again."
    )


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
        podman.podman("info")
        version = podman.podman("version", "--format", "{{.Client.Version}}").stdout.strip()
    except CommandError as failed:
        last = (failed.output.strip().splitlines() or ["no output"])[-1]
        raise RehearsalError(
            f"podman is installed but does not work here ({last});"
            " `podman info` shows more, and must succeed first."
        ) from failed
    require_version(version)


def require_version(version: str) -> None:
    """RehearsalError when podman is too old, or says of itself what can't be read."""
    number = re.match(r"\d+", version)
    if number is None or int(number[0]) < _LEAST_PODMAN:
        raise RehearsalError(
            f"podman here is version {version!r}, and the rehearsal needs {_LEAST_PODMAN} or newer;"
            " take a newer one or another machine (Debian 12, RHEL 8.6 and Ubuntu 24.04 have it)."
        )
