"""Controllers of other ages than this machine: an older OpenSSH, and a newer Python and OpenSSH."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rehearsal import bases, cluster, image, known, podman
from rehearsal.errors import RehearsalError
from rehearsal.run import run
from rehearsal.state import State
from rehearsal.to_4_26 import STEP
from tests.integration.clusters import TestCluster, name_for
from tests.integration.invocation import DEADLINE, ROOT, Project, Ran, copy_project, environment
from tests.proving.kind import Kind, Say
from tests.versions.tools import version_of
from tests.versions.upgraded import prove

NODES = "operative=2"
SEED = 15
_TOOLS = ("ssh", "ssh-keygen", "ssh-add", "ssh-agent")
ASKED = {"Python": ("python3", "--version"), "OpenSSH": ("ssh", "-V")}


class Controller(Protocol):
    """A place from which the runbook is run."""

    def execute(self, words: Sequence[str], console: Path | None = None) -> tuple[int, str]:
        """Exit status and what was printed, of a command there, in the project's directory."""

    def close(self) -> None:
        """Give back what it took of this machine."""


class OlderSsh:
    """This machine, with the OpenSSH of another base's image, by that image's own libraries.

    A container would bring that base's Python too, which is older than the runbook's.
    """

    def __init__(self, base: str, project: Path, folder: Path) -> None:
        self._image = _image(base)
        self._project = project
        root = Path(podman.podman("image", "mount", self._image).stdout.strip())
        loader = next(root.glob("usr/lib/*-linux-gnu*/ld-[0-9l]*.so*"))
        libraries = ":".join(map(str, sorted(root.glob("usr/lib/*-linux-gnu*"))))
        folder.mkdir(parents=True)
        for tool in (name for name in _TOOLS if (root / "usr/bin" / name).exists()):
            words = [str(loader), "--library-path", libraries, str(root / "usr/bin" / tool)]
            script = folder / tool
            script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
            script.chmod(0o755)
        own = environment()
        path = f"{folder}:{Path(sys.executable).parent}:{own['PATH']}"
        self._variables = {**own, "PATH": path}

    def execute(self, words: Sequence[str], console: Path | None = None) -> tuple[int, str]:
        return _execute(words, console, self._project, self._variables)

    def close(self) -> None:
        podman.podman("image", "unmount", self._image)


class Container:
    """A container of a base's image, in the network of this machine, with that base's Python."""

    def __init__(self, base: str, project: Path, folder: Path, cluster: str) -> None:
        self._project = project
        venv = folder / "venv"
        folder.mkdir(parents=True)
        places = {project: "", folder: "", State(cluster).directory: ":ro"}
        volumes = [w for p, how in places.items() for w in ("--volume", f"{p}:{p}{how}")]
        run_one = ("podman", "--runtime", podman.runtime(), "run", "--rm", "--network", "host")
        where = ("--workdir", str(project), *podman.limits(), *volumes, _image(base))
        self._within = (*run_one, *where)
        code, said = self.execute(["python3", "-m", "venv", "--without-pip", str(venv)])
        if code != 0:
            raise RehearsalError(f"no environment of {base}'s Python: {said}")
        (packages,) = venv.glob("lib/python*/site-packages")
        version = packages.parent.name.removeprefix("python")
        # with what they need: the file pins all of it
        of = ("--python-version", version, "--no-deps", "--target", str(packages))
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run([*pip, *of, "-r", str(ROOT / "requirements.txt")], timeout=DEADLINE)
        self._python = str(venv / "bin/python3")

    _python = "python3"

    def execute(self, words: Sequence[str], console: Path | None = None) -> tuple[int, str]:
        program = {"python3": self._python}.get(words[0], words[0])
        whole = [*self._within, program, *words[1:]]
        return _execute(whole, console, self._project, environment())

    def close(self) -> None:
        """Each command has a container of its own, which goes with it."""


def _image(base: str) -> str:
    return image.ensure(STEP, _quiet, bases.find(base))


def _execute(
    words: Sequence[str], console: Path | None, folder: Path, variables: Mapping[str, str]
) -> tuple[int, str]:
    done = subprocess.run(
        words,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    said = done.stdout + done.stderr
    if console is not None:
        console.write_text(said, encoding="utf-8")
    return done.returncode, said


OLDER, NEWER = "older-openssh", "newer-python-and-openssh"


class ControllersStand:
    """One small cluster, upgraded from its start by each controller."""

    def __init__(self, letter: str, say: Say) -> None:
        self._name = name_for(f"controllers{letter}")

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """An upgrade by one controller."""
        stands = self._at_start()
        project = Project(copy_project(evidence / "copy"))
        controller = self._controller(case, project.directory, evidence / "controller")
        try:
            told = {name: version_of(controller.execute(words)[1]) for name, words in ASKED.items()}
            ran = prove(stands, lambda name: _runbook(controller, project, stands, evidence / name))
        finally:
            controller.close()
        return {**told, "what": f"whole run, run again; {len(ran[0].changes)} changes, then none"}

    def down(self) -> None:
        """Remove the cluster."""
        if State(self._name).directory.exists():
            cluster.down(self._name, say=_quiet)

    def _controller(self, case: str, project: Path, folder: Path) -> Controller:
        if case == OLDER:
            return OlderSsh("bullseye", project, folder)
        return Container("trixie", project, folder, self._name)

    def _at_start(self) -> TestCluster:
        if State(self._name).read() is None:
            cluster.up(self._name, None, SEED, NODES, say=_quiet)
        else:
            cluster.reset(self._name, say=_quiet)
        return TestCluster(self._name, known.topology(self._name))


def _runbook(controller: Controller, project: Project, stands: TestCluster, console: Path) -> Ran:
    words = project.command("--inventory", stands.inventory)
    return project.ran(*controller.execute(["python3", *words[1:]], console))


def _quiet(text: str) -> None:
    """The rehearsal's own words are not for the proof's console."""


CONTROLLERS_PROOF = Kind(
    "controllers",
    "Controllers",
    """
The runs above are of a controller with Debian 12's Python and OpenSSH. These are of others, on a
cluster of Debian 12. For the older OpenSSH the programs of Debian 11 are put before this machine's,
as Debian 11's Python is older than what the runbook needs; the newer ones are a container of
Debian 13, with the packages of `requirements.txt` for its Python.
""",
    (*ASKED, "what"),
    dict.fromkeys((OLDER, NEWER), NODES),
    ControllersStand,
)
