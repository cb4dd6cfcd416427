"""Which case a worker gets next: one that its cluster stands for, if there is one."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from tests.proving.kind import Case


class Queue:
    """The cases that nobody has begun, by what a cluster has to be for them."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._groups: dict[str, deque[Case]] = {}
        for case in cases:
            self._groups.setdefault(case.group, deque()).append(case)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def take(self, standing: str, elsewhere: Iterable[str]) -> Case | None:
        """The next case for a worker whose cluster stands for group `standing`.

        When that group is done: one of the group with the most cases for each worker on it, once
        this one has come; of the same kind if there is one, as its cluster and saved states are
        there. `elsewhere` are the groups of the others. None when all cases are begun.
        """
        if not self._groups:
            return None
        workers, kind = Counter(elsewhere), _kind(standing)
        group = standing
        if group not in self._groups:
            of_kind = [name for name in self._groups if _kind(name) == kind] or self._groups
            group = max(of_kind, key=lambda name: len(self._groups[name]) / (workers[name] + 1))
        cases = self._groups[group]
        case = cases.popleft()
        if not cases:
            del self._groups[group]
        return case


def _kind(group: str) -> str:
    return group.partition(":")[0]
