"""The frame of `neteye update` and `neteye upgrade`: tasks in order, logged like an Ansible run.

A task works on nodes through `Run.each`; the first task with a failure ends the procedure. There
is no memory: a second start begins with the first task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from neteye_standin import faults
from neteye_standin.context import Context, ContextError, Node
from neteye_standin.counts import STATE
from neteye_standin.lock import Locked, command_lock
from neteye_standin.playlog import PlayLog
from neteye_standin.remote import Answer, in_parallel, run_on

LOGS = Path("/neteye/local/os/log/neteye_command")
LOCKED = 1


@dataclass(frozen=True)
class Result:
    """What a task did on a node: `ok`, `changed` or `skipping`, and a message if there is one."""

    kind: str = "ok"
    detail: str = ""


class NodeFailure(Exception):
    """A task failed on a node; the text is the message for the operator."""

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        self.unreachable = unreachable
        super().__init__(message)


class TaskFailed(Exception):
    """A task failed on at least one node; its lines are printed already."""


Work = Callable[[Node], Result]


class Run:
    """One run of a command: its context, log and messages."""

    def __init__(self, command: str, context: Context) -> None:
        self.command = command
        self.context = context
        self.settings = context.settings
        self.log = PlayLog([node.name for node in context.cluster.nodes])
        started = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
        self._logs = LOGS / command / started

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.context.cluster.nodes

    @property
    def active(self) -> Node:
        return self.context.cluster.active

    @property
    def in_order(self) -> list[Node]:
        """All nodes, the active one first or last as the seed says."""
        rest = [node for node in self.nodes if node != self.active]
        first = self.settings["package_order"] == "active-first"
        return [self.active, *rest] if first else [*rest, self.active]

    def message(self, key: str, **values: str) -> str:
        """A message in the wording of the seed."""
        text: str = self.settings["messages"][key]
        return text.format(**values)

    def title(self, task: str) -> str:
        title: str = self.settings["tasks"][task]
        return title

    def ask(self, node: Node, argv: Sequence[str], stdin: str = "", **options: Any) -> Answer:
        """Run on a node, keep what it said. Raises NodeFailure when the node can't be reached."""
        answer = run_on(node, self.context.me, argv, stdin, **options)
        self._keep(node, argv, answer)
        if answer.unreachable:
            raise NodeFailure(f"Failed to connect to the host via ssh: {answer.tail}",
                              unreachable=True)  # fmt: skip
        return answer

    def asker(self, node: Node, **options: Any) -> Callable[[Sequence[str]], Answer]:
        """`ask` bound to one node."""
        return lambda argv: self.ask(node, argv, **options)

    def each(self, nodes: Sequence[Node], work: Work, *, parallel: bool = True) -> None:
        """Work on nodes and print the results. Raises TaskFailed after all of them, in sequence
        after the first one that failed."""
        if parallel:
            outcomes = in_parallel(nodes, lambda node: _outcome(node, work))
            failed = [self._print(node, out) for node, out in zip(nodes, outcomes)]
            if any(failed):
                raise TaskFailed
            return
        for node in nodes:
            if self._print(node, _outcome(node, work)):
                raise TaskFailed

    def _print(self, node: Node, outcome: Result | NodeFailure) -> bool:
        if isinstance(outcome, NodeFailure):
            self.log.failure(node.name, str(outcome), unreachable=outcome.unreachable)
            return True
        self.log.result(node.name, outcome.kind, outcome.detail)
        return False

    def _keep(self, node: Node, argv: Sequence[str], answer: Answer) -> None:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._logs / f"{node.short}.log").open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(argv)}\n{answer.out}{answer.err}[exit status {answer.rc}]\n")


def _outcome(node: Node, work: Work) -> Result | NodeFailure:
    try:
        return work(node)
    except NodeFailure as failure:
        return failure


def meanwhile(run: Run, task: str) -> None:
    """What others do on the nodes before the work of a task, from the setting of that name: agents
    send inventories, people clean up, packages that the rehearsal does not have leave files.

    Each entry is done once in the life of a cluster. One that fails is a mistake of the scenario.
    """
    for number, entry in enumerate(run.settings["meanwhile"]):
        if (entry["command"], entry["task"]) != (run.command, task):
            continue
        done = STATE / f"meanwhile-{number}"
        if done.exists():
            continue
        STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
        done.touch()
        for node in _places(run, entry["on"]):
            answer = run.ask(node, entry["argv"])
            if answer.rc != 0:
                raise ContextError(f"meanwhile[{number}] on {node.name}: {answer.tail}")


def _places(run: Run, where: str) -> list[Node]:
    if where == "active":
        return [run.active]
    if where == "other":
        return [node for node in run.context.cluster.operative if node != run.active]
    return [node for node in run.nodes if node.role == where]


Task = tuple[str, Callable[[Run], None]]


def perform(run: Run, tasks: Sequence[Task]) -> int:
    """Run the tasks under the lock; the exit status of the command."""
    try:
        with command_lock(run.context):
            return _perform(run, tasks)
    except Locked as locked:
        run.log.say(run.message("locked", node=locked.node))
        return LOCKED


def _perform(run: Run, tasks: Sequence[Task]) -> int:
    run.log.say(f"neteye {run.command} (stand-in of a rehearsal cluster, not NetEye)")
    run.log.play(f"NetEye {run.command}")
    for name, work in tasks:
        run.log.task(run.title(name))
        try:
            faults.strike(run.command, name, after=False)
            meanwhile(run, name)
            work(run)
            faults.strike(run.command, name, after=True)
        except faults.InjectedFault as fault:
            node = fault.node or run.context.me.name
            text = run.message("task_failed", node=node, task=run.title(name), detail=str(fault))
            run.log.failure(node, text)
            return _stopped(run, name)
        except TaskFailed:
            return _stopped(run, name)
    run.log.recap()
    run.log.say(run.message("success", command=run.command))
    if run.settings["reboot_hint"]:
        run.log.say(run.message("reboot", node=run.active.name))
    return 0


def _stopped(run: Run, task: str) -> int:
    run.log.recap()
    run.log.say(run.message("stopped", command=run.command, task=run.title(task)))
    code: int = run.settings["failure_exit_code"]
    return code
