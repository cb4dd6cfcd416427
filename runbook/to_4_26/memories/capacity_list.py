"""The list of values that are no integers, and what to do about them by agent version (G05).

The list has one row a value and may be as long as the table, so it is asked page by page: each
page is a statement of its own that holds nothing on the server when it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.ask.look import Look
from engine.model.query import SqlQuery
from runbook.to_4_26.memories.capacity import (
    CLEAN,
    LISTED,
    CapacityClass,
    DirtyValue,
    class_sql,
    dirty_values,
)
from runbook.to_4_26.names import OCS_DATABASE

PAGE = 5000
"""Rows of a page."""
MOST_GROUPS = 400
"""Agents may call themselves what they like: no more groups of agent and class are shown."""

HEAD = (
    *("agent", "machine id", "machine", "device id", "last inventory", "last contact"),
    *("slot", "caption", "value", "class", "row id", "advice"),
)
NO_AGENT = "(unknown agent)"
ORPHAN = "(orphan row: its machine is gone)"

ADVICE = {
    CapacityClass.BLANK: "nothing lost: an empty slot",
    CapacityClass.DECORATED: "nothing lost: the number stays, or is NULL until the next inventory",
    CapacityClass.TEXT: "update the agent: it sends text for a number; the text becomes NULL",
    CapacityClass.LEADING_NUMBER: "information altered: the number in the text becomes NULL;"
    " update the agent",
    CapacityClass.OUT_OF_RANGE: "information altered: no size of memory is that large, it becomes"
    " NULL; update the agent",
}
"""What fits each class (ocs-glpi 1.4 and 1.5)."""


def listed_values(look: Look) -> Iterator[DirtyValue]:
    """Every value of the listed classes, orphans too, in the order of the table."""
    return look.sql_pages(lambda last: dirty_values(after=last.row if last else 0, limit=PAGE))


def list_rows(values: Iterable[DirtyValue]) -> Iterator[tuple[str | int | None, ...]]:
    """The rows below `HEAD`: sorted, they stand together by agent and by machine."""
    for value in values:
        yield (
            agent_name(value.useragent, orphan=value.is_orphan),
            value.machine,
            value.name,
            value.deviceid,
            str(value.lastdate) if value.lastdate else None,
            str(value.lastcome) if value.lastcome else None,
            value.slot,
            value.caption,
            value.value,
            value.kind.value,
            value.row,
            advice(value.kind, orphan=value.is_orphan),
        )


def agent_name(useragent: str | None, *, orphan: bool) -> str:
    return ORPHAN if orphan else useragent or NO_AGENT


def advice(kind: CapacityClass, *, orphan: bool) -> str:
    """What to do about a value of this class."""
    if orphan and kind not in (CapacityClass.BLANK, CapacityClass.DECORATED):
        return "no agent sends it any more; it becomes NULL"
    return ADVICE[kind]


@dataclass(frozen=True)
class AgentClass:
    """Values of one class that one agent version sent."""

    agent: str
    is_orphan: bool
    kind: CapacityClass
    machines: int
    rows: int

    def __str__(self) -> str:
        said = advice(self.kind, orphan=self.is_orphan)
        return f"{self.agent}: {self.rows} {self.kind} ({self.machines} machines): {said}"


def _agent_class(row: Mapping[str, Any]) -> AgentClass:
    orphan = not row["known"]
    return AgentClass(
        agent_name(row["agent"], orphan=orphan),
        orphan,
        CapacityClass(str(row["kind"])),
        int(row["machines_count"]),
        int(row["values_count"]),
    )


def by_agent(limit: int = MOST_GROUPS + 1) -> SqlQuery[list[AgentClass]]:
    """Values and machines by agent version and class, the largest groups first."""
    clean = ", ".join(f"'{kind}'" for kind in sorted(CLEAN))
    return SqlQuery(
        name="values of memories.CAPACITY by agent and class",
        database=OCS_DATABASE,
        sql="SELECT h.USERAGENT AS agent, h.ID IS NOT NULL AS known, m.kind AS kind,"
        " COUNT(DISTINCT m.HARDWARE_ID) AS machines_count, COUNT(*) AS values_count"
        f" FROM (SELECT HARDWARE_ID, {class_sql()} AS kind FROM memories) m"
        " LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
        f" WHERE m.kind NOT IN ({clean}) GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1, 2, 3 LIMIT %s",
        params=(limit,),
        parse=lambda rows: [_agent_class(row) for row in rows],
        deadline=1800.0,
    )


def summary_lines(groups: list[AgentClass]) -> list[str]:
    """Agent versions, the largest first, each with its classes and the advice that fits."""
    shown = groups[:MOST_GROUPS]
    order = {agent: place for place, agent in enumerate(dict.fromkeys(g.agent for g in shown))}
    lines = [str(group) for group in sorted(shown, key=lambda g: (order[g.agent], -g.rows))]
    if len(groups) > MOST_GROUPS:
        lines.append(f"(more than {MOST_GROUPS} groups; the rest is in the list)")
    return lines


def updates_needed(groups: Iterable[AgentClass]) -> dict[str, int]:
    """Agent versions that send values of the listed classes, with how many of them."""
    counts: dict[str, int] = {}
    for group in groups:
        if group.kind in LISTED and not group.is_orphan:
            counts[group.agent] = counts.get(group.agent, 0) + group.rows
    return counts
