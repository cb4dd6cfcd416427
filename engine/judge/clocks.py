"""Do the nodes agree about the time?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.model.finding import Finding


@dataclass(frozen=True)
class Offset:
    """A node's clock minus the controller's: surely between `low` and `high` seconds.

    The node read its clock somewhere between our sending and our receiving.
    """

    node: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def width(self) -> float:
        return self.high - self.low

    def surely_from(self, other: Offset) -> float:
        """By how many seconds at least the two clocks differ; 0 when they may be the same."""
        return max(0.0, self.low - other.high, other.low - self.high)


def clock_difference(
    readings: Mapping[str, tuple[float, float, float]], limit_seconds: float
) -> tuple[Finding, ...]:
    """The clocks of all nodes differ by no more than `limit_seconds` from one another.

    `readings`: node -> (sent, the node's epoch, received) in seconds, sent and received by the
    controller's clock, whose own error cancels out. A difference is a finding only when it is
    certain in spite of the time the answer took. An answer slower than the limit proves nothing,
    and is a finding too.
    Code: `clock-difference`.
    """
    offsets = [
        Offset(node, epoch - received, epoch - sent)
        for node, (sent, epoch, received) in readings.items()
    ]
    slow = [offset for offset in offsets if offset.width > limit_seconds]
    quick = sorted((o for o in offsets if o not in slow), key=lambda o: o.middle)
    findings = [_slow(offset, limit_seconds) for offset in slow]
    if quick:
        findings += _apart(quick, limit_seconds)
    return tuple(findings)


def _apart(offsets: list[Offset], limit: float) -> list[Finding]:
    """Nodes far from the middle one; when there is none, the two ends if they are too far apart."""
    middle = offsets[(len(offsets) - 1) // 2]
    pairs = [(o, middle) for o in offsets if o.surely_from(middle) > limit]
    first, last = offsets[0], offsets[-1]
    if not pairs and last.surely_from(first) > limit:
        pairs = [(last, first)]
    return [_differs(offset, other, limit) for offset, other in pairs]


def _differs(offset: Offset, other: Offset, limit: float) -> Finding:
    ahead = offset.middle - other.middle
    side = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "clock-difference",
        offset.node,
        f"the clock of {offset.node} is {abs(ahead):.1f} s {side} that of {other.node} "
        f"(at least {offset.surely_from(other):.1f} s)",
        f"clocks that differ by no more than {limit:g} s",
        f"Look at the time service of {offset.node} and {other.node} (`chronyc tracking`), "
        "then run this again.",
    )


def _slow(offset: Offset, limit: float) -> Finding:
    return Finding(
        "clock-difference",
        offset.node,
        f"{offset.node} took {offset.width:.1f} s to tell its time, so its clock can't be judged",
        f"an answer within {limit:g} s",
        f"Look at the load of {offset.node} and the way to it, then run this again.",
    )
