"""What the stories of the faults work with: a cluster, runs, and what is expected of them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal import cluster, known, podman, power, waiting
from rehearsal.errors import RehearsalError
from rehearsal.run import wait_for
from rehearsal.state import State
from rehearsal.topology import parse_counts
from tests.faults.fault import Fault
from tests.faults.running import Running
from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran, copy_project, with_settings
from tests.integration.outcome import all_starts, assert_upgraded
from tests.proving.kind import NotAtStart, Red

SEED = 15
FIRST_ROUND = "upgrade.run[1]#1"
"""The change that starts the first round, as its intent is called."""
TRACEBACK = "Traceback (most recent call last)"


@dataclass
class Lab:
    """One fault's cluster at its start, a copy of the project, and a record of all runs."""

    fault: Fault
    cluster: TestCluster
    evidence: Path
    said: list[str] = field(default_factory=list)
    """What each run said: exit code and one line."""
    stack: ExitStack = field(default_factory=ExitStack)
    """Everything that has to be put back, whatever happens."""
    shown: set[str] = field(default_factory=set)
    """Codes of the findings that its runs have told."""
    stopped: set[str] = field(default_factory=set)
    """Steps, without round or node, at which its runs have stopped."""
    is_upgraded: bool = False
    """The cluster was found upgraded past the runbook."""
    last: Running | None = None
    """The run that ended last."""
    _started: int = 0

    def project(self, name: str = "clone") -> Project:
        """A clone of the project; the same name gives the same one."""
        directory = self.evidence / name
        return Project(directory if directory.exists() else copy_project(directory))

    def start(
        self,
        *arguments: str,
        clone: str = "clone",
        home: Path | None = None,
        **settings: object,
    ) -> Running:
        """`pytest runbook --inventory FILE ...`, started; `settings` are those of the inventory."""
        self._started += 1
        project = self.project(clone)
        running = Running.start(
            project,
            ["--inventory", str(self._inventory(project, settings)), *arguments],
            self.evidence / f"console-{self._started}.txt",
            extra={"HOME": str(home)} if home else {},
        )
        self.stack.callback(running.stop)
        return running

    def _inventory(self, project: Project, settings: Mapping[str, object]) -> Path:
        """A copy of the cluster's, with these settings in it; without the failover proof, which
        comes after all that a fault does, and which production does not ask for either."""
        given = {"failover_proof": "no", **settings}
        named = {f"runbook_{name}": str(value) for name, value in given.items()}
        # where an operator keeps it: of all paths given pytest makes out the root
        path = project.directory / "prod.ini"
        path.write_text(with_settings(self.cluster.inventory.read_text(), named))
        return path

    def expect(
        self,
        running: Running,
        codes: int | Sequence[int],
        *words: str,
        evidence: bool = True,
    ) -> Ran:
        """The run ends with one of the codes, in good order, and says each of `words` (patterns).

        `evidence`: it has to leave its summary and report.
        """
        ran = running.end()
        self.last = running
        self.keep(running)
        line = said(ran)
        self.said.append(f"{ran.code}: {line}")
        wanted = (codes,) if isinstance(codes, int) else tuple(codes)
        problems = [] if ran.code in wanted else [f"exit code {ran.code}, expected {wanted}"]
        if TRACEBACK in own_words(ran.console) or "INTERNALERROR" in ran.console:
            problems.append("a traceback on the console")
        seen = ran.console.replace("\n", " ")
        problems += [f"{word!r} is not said" for word in words if not re.search(word, seen)]
        problems += left_undone(ran) if evidence else []
        if problems:
            raise Red(f"{'; '.join(problems)}. It said: {line}", self.columns)
        return ran

    def keep(self, running: Running) -> None:
        """What the run has told so far."""
        events = running.events()
        self.shown |= {event["code"] for event in events if event["event"] == "finding"}
        stops = [event["step"] for event in events if event["event"] == "stopped"]
        self.stopped |= {step.partition("[")[0] for step in stops}

    def expect_declared(self) -> None:
        """Its runs have told the findings, and stopped at the step, that the fault declares."""
        problems = [f"{code} was not found" for code in self.fault.shows if code not in self.shown]
        stop = self.fault.stops
        if stop and stop not in self.stopped:
            seen = ", ".join(sorted(self.stopped)) or "nowhere"
            problems.append(f"no run stopped at {stop}, but {seen}")
        if stop and not self.is_upgraded:
            problems.append(f"nothing shows that the upgrade went on from {stop} to its end")
        if problems:
            raise Red("; ".join(problems), self.columns)

    def run_again(self, *arguments: str) -> Ran:
        """After the repair the same command ends green."""
        return self.expect(self.start(*arguments), 0)

    def plan_again(self) -> Ran:
        """The same where the run has stopped before it changed anything: its plan ends green."""
        return self.expect(self.start("--plan"), 0)

    def expect_upgraded(self, *, rounds: int | None = None) -> None:
        """The cluster is upgraded and as before; the commands were started this often, on N."""
        try:
            assert_upgraded(self.cluster)
        except AssertionError as error:
            raise Red(f"not upgraded: {error}", self.columns) from error
        self.is_upgraded = True
        starts, active = all_starts(self.cluster), self.cluster.active
        updates = 1 if self.fault.scenario == "guide" else 0
        wanted = {"neteye-update": updates} | ({} if rounds is None else {"neteye-upgrade": rounds})
        for command, number in wanted.items():
            idle = dict.fromkeys(self.cluster.shorts, 0)
            if starts[command] != {**idle, active: number}:
                seen = f"{command} was started {starts[command]}, expected {number} on {active}"
                raise Red(seen, self.columns)

    def until_task(self, running: Running, name: str, task: str) -> None:
        """Wait until a neteye command (`upgrade-1`, say) is at a task of the stand-in."""
        active = self.cluster.active
        settings = self.cluster.read(active, "/etc/neteye-rehearsal/settings.json")
        title = json.loads(settings)["tasks"][task]
        script = (
            'grep -qF -- "$2" /var/lib/neteye-runbook/attempts/*/commands/"$1"/nohup.out'
            " 2>/dev/null && echo there || echo missing"
        )
        running.until(
            f"task {task} of {name}",
            lambda: self.cluster.shell(active, script, name, title).strip() == "there",
        )

    def wait_for(self, what: str, node: str, test: str, seconds: float = 180.0) -> None:
        """Poll until a shell test on a node holds."""

        def missing() -> str | None:
            answer = self.cluster.shell(node, f"if {test}; then echo yes; else echo no; fi")
            return None if answer.strip() == "yes" else what

        wait_for(what, missing, seconds=seconds, every=0.5)

    def until_normal(self) -> None:
        """Wait until every node is back and every resource Started; old failures are cleaned up."""
        self._until_all_run()
        self.cluster.run(self.cluster.active, ("pcs", "resource", "cleanup"))
        self.cluster.until_ready()

    def until_as_the_upgrade_left_it(self) -> None:
        """The same while OTHER may be in standby and fencing off: not everything runs then."""
        self._until_all_run()
        self.cluster.run(self.cluster.active, ("pcs", "resource", "cleanup"))
        waiting.until_ready(self.cluster.topology)

    def _until_all_run(self) -> None:
        """Wait for all nodes; one that is fenced when quorum comes back boots, as nodes do."""
        topology = self.cluster.topology

        def missing() -> str | None:
            present = podman.containers(topology.name)
            for node in topology.nodes:
                if present[waiting.container_name(topology, node)].state in ("exited", "stopped"):
                    power.start(topology.name, node.short)
            return waiting.missing(topology)

        wait_for("every node back", missing, seconds=300, every=1.0)

    def other_home(self) -> Path:
        """The home directory of somebody else on another machine: nothing of this one is there."""
        home = self.evidence / "home"
        home.mkdir(exist_ok=True)
        return home

    def one_of(self, both: Sequence[Running]) -> tuple[Running, Running]:
        """The run that goes on and the one that has ended; Red when it is not one of each."""

        def missing() -> str | None:
            ended = [running for running in both if running.process.poll() is not None]
            return None if ended else "the end of one of them"

        wait_for("one of two runs gives way", missing, seconds=120)
        ended = [running for running in both if running.process.poll() is not None]
        going = [running for running in both if running.process.poll() is None]
        if len(ended) != 1:
            raise Red("both runs ended: nobody won", self.columns)
        return going[0], ended[0]

    @property
    def columns(self) -> dict[str, str]:
        """The row of the table, as far as it is known."""
        *first, last = self.said or [""]
        return {
            "cluster": self.fault.nodes,
            "what happens": self.fault.what,
            "the run said": " / then ".join(first) if first else last,
            "run again": last if first else "",
        }


def said(ran: Ran) -> str:
    """What a run says of its end, in one line."""
    if ran.directory is not None and (ran.directory / "summary.json").exists():
        stopped = ran.summary.get("stopped")
        text = stopped["reason"] if stopped else ran.summary["outcome"]
    else:
        lines = [line for line in ran.console.splitlines() if line.strip()]
        text = lines[-1] if lines else "(nothing)"
    # where the copy of the project lies is nobody's business
    return " ".join(re.sub(r"/\S*/clone/", "", text).split())[:240]


def own_words(console: str) -> str:
    """Without the log of a neteye command, which may well end in a traceback of its own."""
    lines = console.splitlines()
    return "\n".join(line for line in lines if not line.startswith("    | "))


def left_undone(ran: Ran) -> list[str]:
    """What must be there after every run that ended by itself."""
    if ran.code == 4 or ran.directory is None:
        return []
    if ran.code == 0 and ran.summary["ledger"]:
        return [f"green with open entries in the ledger: {ran.summary['ledger']}"]
    missing = [
        name
        for name in ("summary.json", "report.html", "journal.jsonl")
        if not (ran.directory / name).exists()
    ]
    return [f"not written: {', '.join(missing)}"] if missing else []


@contextmanager
def lab(fault: Fault, evidence: Path, name: str) -> Iterator[Lab]:
    """A lab with the fault's cluster at its start; `name` is the cluster's, kept for the next."""
    try:
        _to_start(fault, name)
    except RehearsalError as error:
        raise NotAtStart(f"the cluster can't be brought to its start: {error}") from error
    made = Lab(fault, TestCluster(name, known.topology(name)), evidence)
    with made.stack:
        yield made
    for clone in evidence.glob("clone*"):
        shutil.copytree(clone / "reports", evidence / f"{clone.name}-reports", symlinks=True)
        shutil.rmtree(clone)


def _to_start(fault: Fault, name: str) -> None:
    wanted = {"seconds_per_node": 4, **fault.settings}
    before = State(name).read()
    if before is not None and before[0].counts == parse_counts(fault.nodes):
        cluster.reset(name, fault.scenario, SEED, wanted, say=_quiet)
    else:
        cluster.up(name, fault.scenario, SEED, fault.nodes, wanted, say=_quiet)


def _quiet(text: str) -> None:
    """The rehearsal's own steps are not the faults' business."""
