"""Each base of the rehearsal's nodes: the integration tests on it, and a night of five kills."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from rehearsal import cluster, known
from rehearsal.bases import BASES
from rehearsal.state import State
from tests.integration.clusters import BASE, TestCluster, name_for
from tests.integration.invocation import ROOT, Project, copy_project
from tests.matrix.edges import EDGES, Edge
from tests.matrix.night_run import run_night
from tests.matrix.nights import Night
from tests.matrix.worker import Worker
from tests.proving.kind import Kind, Red, Say
from tests.versions.upgraded import prove

MODULES = {
    "whole-run": "test_full_rehearsal",
    "plan": "test_a_plan",
    "restore": "test_restore",
    "support-bundle": "test_support_bundle",
}
"""Case -> the module of `tests/integration` that proves it."""
KILLED = "killed-at-five-edges"
SUDO = "login-by-sudo"
LOGIN = "upgrade"
_KILLS = (
    "update.run-no1.running",
    "backup.proved-no3.after-effect",
    "upgrade.run-1-no1.running",
    "migration.files-1-neteye02-no4.after-intent",
    "failover.httpd-neteye02-no1.after-effect",
)
"""In the order of a run, each in another phase: at points at which something is open."""
DEADLINE = 3600.0
"""Seconds for the tests of one module; the longest takes some 600 alone."""
_TO_CLEAN_UP = 300.0
"""Seconds for a pytest that is interrupted to take its cluster down."""


def kills() -> tuple[Edge, ...]:
    """The edges of the night; KeyError when a run has one of them no more."""
    return tuple(EDGES[name] for name in _KILLS)


class BasesStand:
    """Runs each case with clusters of its base."""

    def __init__(self, letter: str, say: Say) -> None:
        self._letter = letter
        self._say = say
        self._killing: Worker | None = None

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Run a case, which is named by its base and by what is proved."""
        base, _, what = case.partition(".")
        if what == KILLED:
            return self._night(base, evidence)
        if what == SUDO:
            return self._by_sudo(base, evidence)
        return results_of(base, MODULES[what], evidence)

    def down(self) -> None:
        """Remove the clusters of this worker that stand."""
        if self._killing is not None:
            self._killing.down()
            self._killing = None
        if State(self._sudo).directory.exists():
            cluster.down(self._sudo, say=_quiet)

    @property
    def _sudo(self) -> str:
        return name_for(f"sudo{self._letter}")

    def _night(self, base: str, evidence: Path) -> dict[str, str]:
        """A whole upgrade of the base, killed at five edges, held against an undisturbed one."""
        name = name_for(f"killed{self._letter}")
        self._killing = Worker(name, self._say, base)
        columns = run_night(self._killing, Night(KILLED, kills()), evidence)
        self.down()
        return {"what": f"killed at {columns['killed at']}"}

    def _by_sudo(self, base: str, evidence: Path) -> dict[str, str]:
        cluster.up(self._sudo, None, None, None, say=_quiet, base=base, login=LOGIN)
        stands = TestCluster(self._sudo, known.topology(self._sudo))
        if f"ansible_user={LOGIN}\n" not in stands.inventory.read_text(encoding="utf-8"):
            raise Red(f"{stands.inventory}: the login is not {LOGIN}")
        project = Project(copy_project(evidence / "copy"))
        ran = prove(stands, lambda name: project.execute(stands.inventory))
        self.down()
        return {"what": f"whole run, run again; {len(ran[0].changes)} changes, then none"}


def _quiet(text: str) -> None:
    """The rehearsal's own words are not for the proof's console."""


def results_of(base: str, module: str, evidence: Path) -> dict[str, str]:
    """A module of the integration tests, as pytest itself counts them. Raises Red."""
    results = evidence / "junit.xml"
    path = f"tests/integration/{module}.py"
    # elsewhere: below this project, the copies that are run would find its pytest.ini
    with tempfile.TemporaryDirectory(prefix="neteye-versions-") as folder:
        words = ("-p", "no:xdist", "-q", f"--junitxml={results}", f"--basetemp={folder}/tests")
        command = [sys.executable, "-m", "pytest", *words, path]
        code = until_ended(command, base, evidence / "console")
        if code != 0:
            _keep_reports(Path(folder), evidence)
    if not results.exists():
        raise Red(f"{path}: pytest ended with {code} and left no results")
    suite = ET.parse(results).getroot().find("testsuite")
    counted = {} if suite is None else suite.attrib
    count = {name: int(counted.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    passed = count.pop("tests") - sum(count.values())
    told = ", ".join(f"{number} {name}" for name, number in count.items() if number)
    if code != 0 or told or not passed:
        raise Red(f"{path}: pytest ended with {code}; {passed} passed; {told}")
    return {"what": path, "tests": str(passed)}


def _keep_reports(folder: Path, evidence: Path) -> None:
    for reports in folder.glob("tests/*/copy/reports"):
        target = evidence / f"reports-{reports.parents[1].name}"
        shutil.copytree(reports, target, symlinks=True)


def until_ended(command: list[str], base: str, console: Path) -> int:
    """Its exit status. Interrupted, it gets the time to take its cluster down."""
    with console.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, BASE: base},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            return process.wait(timeout=DEADLINE)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=_TO_CLEAN_UP)
            raise
        finally:
            process.kill()
            process.wait()


BASES_PROOF = Kind(
    "bases",
    "What was run on each base",
    f"""
Each module of `tests/integration` is run with all its clusters of that base; a test that is
skipped makes the case red. A whole run has the failover proof in it, a second run and the verifier.
`{KILLED}` is one upgrade whose run is killed there, one after the other, with what the
[kill matrix](proof.md) holds: the run that goes on and one from elsewhere end with 0, nothing is
done twice, and the cluster ends as after a run on that base that nobody disturbed. `{SUDO}`: sshd
lets root in from nodes alone, and the controller logs in as a user who may use `sudo -n`.
""",
    ("what", "tests"),
    {f"{base.name}.{what}": base.name for base in BASES for what in (*MODULES, KILLED, SUDO)},
    BasesStand,
)
