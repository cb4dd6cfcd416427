"""The machine and the versions that figures are of."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench.peers import REQUIREMENTS
from rehearsal import image
from rehearsal.podman import limits, podman
from rehearsal.to_4_26 import STEP

PACKAGES = ("pytest", "pytest-testinfra", "pytest-html", "pymysql", "jinja2")


def machine() -> dict[str, str]:
    """Processors, memory, kernel and system of this machine."""
    model = _found(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = int(_found(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text("ascii")))
    return {
        "processors": f"{os.cpu_count()}, {' '.join(model.split())}",
        "memory": f"{memory / (1 << 20):.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
    }


def versions() -> dict[str, str]:
    """Of what takes part: here, in the nodes, and of the peers."""
    ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    # the image is there, as clusters were made of it
    node = image.ensure(STEP, print)
    database = podman(
        "run", "--rm", "--network", "none", *limits(), node, "mariadbd", "--version"
    ).stdout
    return {
        "Python": platform.python_version(),
        "OpenSSH": ssh.split(",")[0].removeprefix("OpenSSH_"),
        "podman": podman("version", "--format", "{{.Client.Version}}").stdout.strip(),
        "MariaDB": _found(r"Ver ([\d.]+)", database),
        **{name: version(name) for name in PACKAGES},
        "pyinfra": _found(r"^pyinfra==(\S+)$", REQUIREMENTS.read_text("utf-8")),
    }


def _found(pattern: str, text: str) -> str:
    """What the group of the pattern matches; "unknown" where the text does not say it."""
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else "unknown"
