"""What the cases work with: a cluster at the case's start, runs, and what is expected of them."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.judge.ways import commands_of
from rehearsal import podman
from rehearsal.to_4_26 import STEP
from tests.faults.lab import said
from tests.faults.running import Running
from tests.findings.case import CLEAN, Case, Start, described
from tests.findings.told import findings_of, listed, problems_of
from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran, copy_project, with_settings
from tests.integration.outcome import assert_upgraded
from tests.proving.kind import Red

_WELL = ("done", "nothing to do")
"""Outcomes of a step that has not stopped."""
SETTINGS = "/etc/neteye-rehearsal/settings.json"


@dataclass
class Lab:
    """One case's cluster, a copy of the project, and a record of its runs."""

    case: Case
    cluster: TestCluster
    evidence: Path
    first: Ran | None = None
    second: Ran | None = None
    answers: list[str] = field(default_factory=list)
    """Arguments of the run after the repair: what a person has answered to a finding."""
    more: list[str] = field(default_factory=list)
    """Arguments of the run that finds, that only the strike knows."""
    text: str = ""
    """The inventory as the operator has it: the cluster's, until a strike or repair edits it."""
    followed: bool = False
    """The repair has run the commands that the findings print."""
    stack: ExitStack = field(default_factory=ExitStack)
    _started: int = 0

    def run(self, *arguments: str, extra: dict[str, str] | None = None) -> Ran:
        """`pytest runbook --inventory FILE ...` to its end."""
        return self.start(*arguments, extra=extra).end()

    def start(
        self,
        *arguments: str,
        plugins: tuple[str, ...] = (),
        extra: dict[str, str] | None = None,
    ) -> Running:
        self._started += 1
        running = Running.start(
            Project(self.clone),
            ["--inventory", str(self._inventory), *arguments],
            self.evidence / f"console-{self._started}.txt",
            plugins=plugins,
            extra=extra,
        )
        self.stack.callback(running.stop)
        return running

    @property
    def clone(self) -> Path:
        """The operator's copy of the project."""
        path = self.evidence / "clone"
        return path if path.exists() else copy_project(path)

    def give(self, **settings: str | None) -> None:
        """Settings in the inventory from now on, in place of those of that name; None: none."""
        self.text = with_settings(self.inventory, settings)

    def change(self, old: str, new: str) -> None:
        """Another text in the inventory from now on."""
        assert old in self.inventory, f"{old!r} is not in the inventory"
        self.text = self.inventory.replace(old, new)

    @property
    def inventory(self) -> str:
        """The inventory's text as the operator has it now."""
        return self.text or self.cluster.inventory.read_text()

    @property
    def _inventory(self) -> Path:
        """The cluster's, or the one that was edited, where an operator keeps it: pytest makes out
        the root from all paths given."""
        if not self.text:
            return self.cluster.inventory
        path = self.clone / "prod.ini"
        path.write_text(self.text, encoding="utf-8")
        return path

    @property
    def steps(self) -> list[str]:
        """The names of the case's step, with the nodes' names in them."""
        text = self.case.step
        if "{each}" not in text:
            return [self._named(text)]
        return [text.format(each=node.name) for node in self.cluster.topology.operative]

    def _named(self, step: str) -> str:
        return step.format(active=self.cluster.node_name(0), other=self.cluster.node_name(1))

    # what repairs use

    def noted(self, pattern: str) -> str:
        """The group of a pattern in a note of the run that turned red."""
        assert self.first is not None
        for event in self.first.events:
            found = re.search(pattern, event["text"]) if event["event"] == "note" else None
            if found:
                return found[1]
        raise Red(f"the run's report has no note like {pattern!r}", self.columns)

    def set(self, **settings: Any) -> None:
        """Other settings of the stand-ins, from now on, on every node."""
        for node in self.cluster.shorts:
            content = json.loads(self.cluster.read(node, SETTINGS))
            self.cluster.write(node, SETTINGS, json.dumps({**content, **settings}))

    def setting(self, name: str) -> Any:
        return json.loads(self.cluster.read(self.cluster.active, SETTINGS))[name]

    def put_file(self, source: Path, path: str) -> None:
        """Put a file of the controller onto N, whatever is in it."""
        container = self.cluster.container(self.cluster.active)
        podman.podman("cp", str(source), f"{container}:{path}")

    def on_operative(self, script: str, *arguments: str) -> None:
        """A script on every operative node."""
        for node in self.cluster.topology.operative:
            self.cluster.shell(node.short, script, *arguments)

    def is_so(self, node: str, test: str) -> bool:
        """Whether a shell test holds on a node."""
        said = self.cluster.shell(node, f"if {test}; then echo yes; else echo no; fi")
        return said.strip() == "yes"

    def on_active(self, script: str, *arguments: str) -> None:
        self.cluster.shell(self.cluster.active, script, *arguments)

    def follow_remedies(self) -> None:
        """Run the commands that the findings print, each line as it is pasted on its node."""
        for node, line in self.printed:
            if node:
                self.cluster.run(node.partition(".")[0], ("bash", "-c", line), timeout=300)
            else:
                subprocess.run(("bash", "-c", line), cwd=self.evidence / "clone", check=True,
                               timeout=300, capture_output=True)  # fmt: skip
        self.followed = True

    @property
    def printed(self) -> list[tuple[str, str]]:
        """Node ("": this machine) and line of the commands that the case's findings print."""
        assert self.first is not None
        told = self.wanted | {(step, code) for step in self.steps for code in self.case.warnings}
        found = (
            event
            for event in self.first.events
            if event["event"] == "finding" and (event["step"], event["code"]) in told
        )
        return [(command.node, str(command)) for command in commands_of(found)]

    @property
    def wanted(self) -> set[tuple[str, str]]:
        """Step and code of the findings that have to block the case's first run."""
        also = {(self._named(step), code) for step, code in self.case.also}
        return {(step, code) for step in self.steps for code in self.case.codes} | also

    def part(self, case: Case) -> Lab:
        """One of several cases on this cluster: what its deeds answer is answered for all."""
        return replace(self, case=case)

    # what is expected

    def expect_first(self) -> None:
        """The run turns red at the case's step, with its findings and exit code, nowhere else."""
        case, steps, wanted = self.case, self.steps, self.wanted
        ran = self.first = self.run(*self._plan, *case.arguments, *self.more)
        blocking = findings_of(ran, "block")
        warned = findings_of(ran, "warn")
        problems = problems_of(ran, case.exit_code)
        if blocking != wanted:
            problems.append(f"found {listed(blocking)}, expected {listed(wanted)}")
        problems += [
            f"no warning {code} at {step}"
            for step in steps
            for code in case.warnings
            if (step, code) not in warned
        ]
        if not self._plan:  # a plan has no outcomes
            outcomes = {step: ran.outcomes.get(step, "(no such step)") for step in steps}
            problems += [
                f"{step} is {outcome!r}"
                for step, outcome in outcomes.items()
                if (outcome in _WELL) is bool(case.codes)
            ]
        if problems:
            raise Red(f"{'; '.join(problems)}. It said: {said(ran)}", self.columns)

    def expect_again(self) -> None:
        """Before anything is mended, another run finds the same."""
        found = findings_of(self.run(*self._plan, *self.case.arguments), "block")
        if found != self.wanted:
            told = f"another run found {listed(found)}, expected {listed(self.wanted)}"
            raise Red(told, self.columns)

    def expect_accepted(self) -> None:
        """The findings accepted by somebody, the same command goes on."""
        case = self.case
        codes = {*case.codes, *(code for _, code in case.also), *case.leads_to}
        words = [word for code in sorted(codes) for word in ("--accept", f"{code}=seen, known")]
        words += ["--by", "A. Operator"]
        ran = self.second = self.run(*self._plan, *self.case.arguments, *words)
        self._expect_green(ran, "accepted")
        accepted = {e["code"] for e in ran.events if e["event"] == "finding" and e.get("accepted")}
        if missing := codes - accepted:
            raise Red(f"not found when accepted: {', '.join(sorted(missing))}", self.columns)

    def expect_repaired(self) -> None:
        """After the repair the same command ends green; where nothing was changed yet, its plan."""
        assert self.case.repair is not None
        self.case.repair(self)
        if bool(self.printed) is not self.followed:
            told = f"{len(self.printed)} commands are printed"
            raise Red(f"the repair is not the remedy as printed: {told}", self.columns)
        ran = self.second = self.run(*self._plan, *self.case.again, *self.answers)
        self._expect_green(ran, "after the repair")

    @property
    def _plan(self) -> tuple[str, ...]:
        return ("--plan",) if self.case.start is Start.PREFLIGHT else ()

    def _expect_green(self, ran: Ran, when: str) -> None:
        problems = problems_of(ran, self.case.ends)
        if blocking := findings_of(ran, "block"):
            problems.append(f"found {listed(blocking)}")
        if problems:
            raise Red(f"{when}: {'; '.join(problems)}. It said: {said(ran)}", self.columns)

    def expect_upgraded(self) -> None:
        """What the runs call done is so, seen past the runbook."""
        try:
            assert_upgraded(self.cluster, ocs=self.case.has_ocs)
            assert self.column_type() == self.case.column
        except AssertionError as error:
            raise Red(f"not upgraded: {error}", self.columns) from error

    def column_type(self) -> str:
        """Data type of memories.CAPACITY."""
        return self.cluster.sql(
            "SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'ocsweb'"
            " AND TABLE_NAME = 'memories' AND COLUMN_NAME = 'CAPACITY'"
        ).strip()

    @property
    def columns(self) -> dict[str, str]:
        """The row of the table, as far as it is known."""
        case = self.case
        wrong = [described(case.strike)] if case.strike else []
        if case.scenario != CLEAN or not wrong:
            wrong.insert(0, STEP.scenario(case.scenario).description)
        columns = {"what goes wrong": "; ".join(wrong), "from": f"{case.start} ({case.nodes})"}
        if self.first is not None:
            found = sorted({code for _, code in findings_of(self.first, "block")})
            columns |= {
                "red step": _shown(case.step) if found else "none",
                "findings": ", ".join(found or case.warnings),
                "exit code": str(self.first.code),
            }
        if self.second is not None:
            word = "plan " if case.start is Start.PREFLIGHT else ""
            columns["repair, and the next run"] = f"{case.after}: {word}{self.second.code}"
        return columns


def _shown(step: str) -> str:
    return step.format(active="N", other="OTHER", each="each node")
