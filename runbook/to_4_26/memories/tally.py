"""How the followed machines do, all together: counts, the first ones left, and what to do (G08).

Constant memory, however many machines there are and whatever their agents call themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from runbook.to_4_26.memories.agents import FollowedAgent, MachineNow, Verdict

MOST_AGENTS = 1000
"""Agents that are counted by name for a verdict; others are counted together."""
NAMED = 8
"""Agents that are named in a sentence."""
LEFT = 10
"""Machines that are shown as examples."""
OTHERS = "other agents"

ADVICE = {
    Verdict.NOT_YET: "wait for its inventory, or start one on the machine",
    Verdict.UPDATE_AGENT: "update the agent: it still sends text, or loses the size of a module",
    Verdict.UNCHANGED: "force a full inventory: its memory section had not changed, so the server"
    " left the rows as they are",
    Verdict.UNKNOWN_AGENT: "see whether 0 is right: the slot looks empty, and what this agent sends"
    " for an empty slot is not known",
}
WAYS_OUT = {
    Verdict.UPDATE_AGENT: "Update the agent to one that sends integers (on Unix 2.3 or later),"
    " then let it send an inventory.",
    Verdict.UNKNOWN_AGENT: "Compare such a machine's memory in the OCS console with the machine: 0"
    " is right for an empty slot. If it is wrong, update or replace the agent.",
    Verdict.UNCHANGED: "Force a full inventory: on one machine remove the agent's file last_state"
    " and start the agent; for all of them set INVENTORY_DIFF to 0 in the OCS server's"
    " configuration, until they have reported, then back to 1.",
    Verdict.NOT_YET: "Wait until they have sent an inventory, or start the agent on the machine. A"
    " machine whose contact is newer than its inventory talks to the server, and none was due:"
    " see FREQUENCY and PROLOG_FREQ of the OCS server.",
}
"""What to do, by verdict; the most work first."""

HEADER = (
    *("verdict", "machine", "name", "device id", "agent before", "agent now"),
    *("inventory before", "inventory now", "contact now", "slots in question", "what to do"),
)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else str(value)


@dataclass(frozen=True)
class Judged:
    """A followed machine with its verdict."""

    verdict: Verdict
    agent: FollowedAgent
    now: MachineNow | None

    @property
    def useragent(self) -> str:
        """The agent it has now, and the one from before when that was another."""
        before, after = self.agent.useragent, self.now.useragent if self.now else None
        if after is None or after == before:
            return before or "(unknown agent)"
        return f"{after} (before: {before or 'unknown'})"

    def row(self) -> tuple[str | int | None, ...]:
        """As `HEADER` has it."""
        now, agent = self.now, self.agent
        return (
            self.verdict,
            agent.machine,
            agent.name,
            agent.deviceid,
            agent.useragent,
            now.useragent if now else None,
            _moment(agent.lastdate),
            _moment(now.lastdate if now else None),
            _moment(now.lastcome if now else None),
            " ".join(f"{slot.number}:{slot.value}" for slot in now.values) if now else None,
            ADVICE.get(self.verdict),
        )

    def __str__(self) -> str:
        reported = self.now.lastdate if self.now else None
        return (
            f"{self.agent.name or '(no name)'} ({self.agent.deviceid}), {self.useragent},"
            f" inventory {reported or 'never'}: {self.verdict}"
        )


@dataclass
class Tally:
    """The machines of a list, counted."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    contacted: int = 0
    """How many of those that have not reported yet have talked to the server since."""
    by_agent: dict[Verdict, Counter[str]] = field(default_factory=dict)
    left: list[Judged] = field(default_factory=list)
    """The first ones that are open."""

    def add(self, judged: Judged, upgraded: datetime) -> None:
        """Count one more machine; `upgraded` as for the verdict."""
        verdict = judged.verdict
        self.counts[verdict] += 1
        if not verdict.is_open:
            return
        agents = self.by_agent.setdefault(verdict, Counter())
        name = judged.useragent
        agents[name if name in agents or len(agents) < MOST_AGENTS else OTHERS] += 1
        if len(self.left) < LEFT:
            self.left.append(judged)
        contact = judged.now.lastcome if judged.now else None
        if verdict is Verdict.NOT_YET and contact is not None and contact > upgraded:
            self.contacted += 1

    @property
    def machines(self) -> int:
        return self.counts.total()

    @property
    def open(self) -> int:
        """Machines for which something is left to be done or waited for."""
        return sum(count for verdict, count in self.counts.items() if verdict.is_open)

    def sentence(self) -> str:
        """`12 machines had sent values that are no integers: 9 reports integers, ...`.

        Values and machines are two numbers: the sentence says why, wherever both stand.
        """
        told = [f"{self.counts[verdict]} {verdict}" for verdict in Verdict if self.counts[verdict]]
        return (
            f"{self.machines} machines had sent values that are no integers:"
            f" {', '.join(told) or 'none'}; each counts once, however many it sent, and a value"
            " that belongs to no machine counts for none"
        )

    def what_to_do(self) -> str:
        """The ways out of what is open, each with the agents that it is about."""
        return " ".join(
            f"{self.counts[verdict]} {verdict}: {self._agents(verdict)}. {way}"
            for verdict, way in WAYS_OUT.items()
            if self.counts[verdict]
        )

    def _agents(self, verdict: Verdict) -> str:
        counted = self.by_agent[verdict].most_common()
        named = [f"{count} with {name}" for name, count in counted[:NAMED]]
        if rest := sum(count for _, count in counted[NAMED:]):
            named.append(f"{rest} with {len(counted) - NAMED} others")
        if verdict is Verdict.NOT_YET:
            named.append(f"{self.contacted} of them have contacted the server since")
        return ", ".join(named)

    def lines(self) -> Iterator[str]:
        """The small table for the console: counts, then the first machines left."""
        for verdict in Verdict:
            yield f"{self.counts[verdict]:>9}  {verdict}"
        if self.left:
            yield f"the first {len(self.left)} of {self.open} that are left:"
        yield from (f"    {judged}" for judged in self.left)
