"""Run by path, in a tree of any commit: a plan in this process, with a note of each ssh session.

    cd TREE && PYTHONPATH=TREE python bench/one_plan.py INVENTORY FILE

The file gets JSON: sessions by node, and the processor seconds of the plan. It imports nothing of
`bench`, as an old commit's folder of that name may not have it.
"""

from __future__ import annotations

import collections
import json
import resource
import sys
from pathlib import Path

import pytest

from engine.transport.connection import Connection


def main(inventory: str, told: str) -> int:
    sessions: collections.Counter[str] = collections.Counter()
    client = Connection.client

    def counted(self: Connection, control: Path, command: bytes) -> list[bytes]:
        sessions[self.host.name] += 1
        return client(self, control, command)

    Connection.client = counted  # type: ignore[method-assign]
    code = pytest.main(["runbook", "--inventory", inventory, "--plan"])
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    Path(told).write_text(json.dumps({"sessions": sessions, "cpu": cpu}), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
