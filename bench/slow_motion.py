"""A plugin of pytest that gives nodes in slow motion the time for it: `-p bench.slow_motion`.

BENCH_SLOWER says how many times slower they are. So much longer is every deadline of a question,
and what tells quick questions from others by their deadline: a clock in the same slow motion.
"""

from __future__ import annotations

import os

from engine.transport import lane
from engine.transport.ssh import SshTransport

_TIMES = float(os.environ["BENCH_SLOWER"])
_within = SshTransport._within


def _longer(door: SshTransport, deadline: float) -> float:
    return _within(door, deadline * _TIMES)


SshTransport._within = _longer  # type: ignore[method-assign]
lane.QUICK *= _TIMES
