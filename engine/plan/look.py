"""The look of a plan: the cluster as it is now, and what the changes shown so far will leave.

After a change only this is known: that it was made, and standby and fencing, by what it opens and
closes in the ledger. Every other question raises NotKnownYet, so that no plan takes the present
state for the state after the change.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar, cast

from engine.ask.look import Look
from engine.ask.observed import FORWARDED
from engine.errors import RunbookError
from engine.model.change import Change, Outcome
from engine.model.cluster import ClusterStatus
from engine.model.query import Asked, Query, SqlQuery
from engine.record.memory import ChangeRecord, Memory

T = TypeVar("T")


class NotKnownYet(RunbookError):
    """What decides depends on a change that was not made yet. `what` names it in a few words."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not known before the changes ahead of it: {what}")
        self.what = what


@dataclass
class Ahead:
    """The changes that a plan has shown so far: (step, change), in order."""

    made: list[tuple[str, Change]] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    """Key of a change -> exit status that lies on its node and that the run reads first. The
    command has ended, so what it left is what the cluster shows now."""

    @property
    def touching(self) -> list[tuple[str, Change]]:
        """Those after which it is not known any more how the cluster is."""
        return [(step, change) for step, change in self.made if not change.apart]

    def is_only_of(self, steps: Iterable[str]) -> bool:
        """All of those belong to these steps or phases."""
        allowed = tuple(steps)
        return all(any(_belongs(step, name) for name in allowed) for step, _ in self.touching)

    def changed(self, kind: str) -> dict[str, bool]:
        """Subject -> whether a temporary change of this kind is in place after all of them."""
        found: dict[str, bool] = {}
        for _, change in self.made:
            found |= {entry.subject: True for entry in change.opens if entry.kind == kind}
            found |= {subject: False for closed, subject in change.closes if closed == kind}
        return found


def _belongs(step: str, name: str) -> bool:
    return step == name or step.startswith((f"{name}.", f"{name}["))


class PlanLook(Look):
    """Stands in for the look of actions. With nothing ahead it asks like any other."""

    def __init__(self, look: Look, ahead: Ahead) -> None:
        super().__init__(look._run, look._transport, look.names)
        self.position = look.position
        self.silent = look.silent
        self.source = look.source
        self._ahead = ahead
        self._now = look
        self._baseline = look.baseline
        if self._baseline is None:
            # the baseline is the first thing a run records: it will say what is true now
            self._baseline = _BaselineToCome(look)

    @property
    def baseline(self) -> Mapping[str, Any] | None:
        return self._baseline

    @baseline.setter
    def baseline(self, value: Mapping[str, Any] | None) -> None:
        self._baseline = value

    @property
    def attempt(self) -> str | None:
        if self._ahead.touching and self._run.attempt is None:
            raise NotKnownYet("the records of the attempt that the run opens")
        return self._run.attempt

    @property
    def memory(self) -> Memory:
        return remembered(self._run.memory, self._ahead, self._run.run_id)

    def ask(self, node: str, query: Query[T]) -> T:
        self._only_now(query.name)
        return self._now.ask(node, query)

    def ask_all(self, nodes: Iterable[str], query: Query[T]) -> Asked[T]:
        self._only_now(query.name)
        return self._now.ask_all(nodes, query)

    def sql(self, query: SqlQuery[T]) -> T:
        self._only_now(query.name)
        return self._now.sql(query)

    def sql_pages(self, page: Callable[[T | None], SqlQuery[list[T]]]) -> Iterator[T]:
        self._only_now(page(None).name)
        return self._now.sql_pages(page)

    def forwards(self, node: str, path: str) -> str:
        self._only_now(FORWARDED)
        return self._now.forwards(node, path)

    def cluster_status(self) -> ClusterStatus:
        status = self._now.cluster_status()
        if not self._ahead.touching:
            return status
        return cast("ClusterStatus", _StatusToCome(status, self._ahead))

    def close_ledger(self, kind: str, subject: str, why: str, *, left: bool = False) -> None:
        """A plan keeps no books: the run does it when it finds the same."""

    def _only_now(self, question: str) -> None:
        if self._ahead.touching:
            raise NotKnownYet(question)


class _StatusToCome:
    """A status after the changes ahead: it knows what their ledger entries say, nothing else."""

    def __init__(self, status: ClusterStatus, ahead: Ahead) -> None:
        moved = ahead.changed("standby")
        before = [node for node in status.standby_nodes if moved.get(node, True)]
        entered = [node for node, is_there in moved.items() if is_there and node not in before]
        self.standby_nodes = (*before, *entered)
        off = ahead.changed("fencing").get("cluster")
        self.options = _OptionsToCome(status.options.stonith_enabled if off is None else not off)

    def __getattr__(self, name: str) -> NoReturn:
        raise NotKnownYet(f"the cluster's {name}")


class _OptionsToCome:
    def __init__(self, stonith_enabled: bool) -> None:
        self.stonith_enabled = stonith_enabled

    def __getattr__(self, name: str) -> NoReturn:
        raise NotKnownYet(f"the cluster's option {name}")


class _BaselineToCome(Mapping[str, Any]):
    """The baseline that this cluster would get now, as far as actions decide by it."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def __getitem__(self, key: str) -> Any:
        if key != "fencing":
            raise NotKnownYet(f"{key} of the baseline")
        return self._look.cluster_status().options.stonith_enabled

    def get(self, key: str, default: Any = None) -> Any:
        return self[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("fencing",))

    def __len__(self) -> int:
        return 1


class _ResultToCome(Mapping[str, Any]):
    """The result, not known yet, of a change that may fail without stopping the run."""

    def __init__(self, what: str) -> None:
        self._what = f"how {what!r} ends"

    def __getitem__(self, key: str) -> NoReturn:
        raise NotKnownYet(self._what)

    def get(self, key: str, default: Any = None) -> NoReturn:
        raise NotKnownYet(self._what)

    def __bool__(self) -> bool:
        raise NotKnownYet(self._what)

    def __iter__(self) -> Iterator[str]:
        raise NotKnownYet(self._what)

    def __len__(self) -> int:
        raise NotKnownYet(self._what)


def remembered(memory: Memory, ahead: Ahead, run_id: str) -> Memory:
    """The attempt's memory as it will be when every change ahead has been made.

    A change that must not fail has succeeded then, for otherwise the run has stopped.
    """
    if not ahead.made and not ahead.read:
        return memory
    foreseen = copy.deepcopy(memory)
    for key, status in ahead.read.items():
        intent = foreseen.changes[key].intent
        outcome = Outcome.OK if status == 0 else Outcome.FAILED
        result = {**intent, "event": "result", "outcome": outcome.value, "code": status}
        foreseen.add({**result, "closes": []})
    numbers: dict[str, int] = {}
    for step, change in ahead.made:
        numbers[step] = numbers.get(step, 0) + 1
        _remember(foreseen, step, f"{step}#{numbers[step]}", change, run_id)
    return foreseen


def _remember(memory: Memory, step: str, key: str, change: Change, run_id: str) -> None:
    common = {"run": run_id, "time": "", "step": step, "key": key, "node": change.node}
    opens = [{"kind": t.kind, "subject": t.subject, "former": t.former} for t in change.opens]
    intent = {**common, "event": "intent", "opens": opens, "detached": change.detached}
    memory.add({**intent, "what": change.what, "repeatable": change.repeatable})
    closes = [list(pair) for pair in change.closes]
    result = {**common, "event": "result", "outcome": Outcome.OK.value, "code": 0}
    memory.add({**result, "closes": closes})
    if change.may_fail:
        record = memory.changes[key]
        memory.changes[key] = ChangeRecord(key, record.intent, _ResultToCome(change.what))
