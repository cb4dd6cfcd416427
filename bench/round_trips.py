"""How many round trips of the network a plan needs one after the other, and what else it takes.

    python -m bench.round_trips [--inventory FILE] [--rounds 3] [--old COMMIT]

Between this machine and the nodes of a rehearsal cluster comes a relay that holds back each byte
for half a round trip, and each new connection for a whole one, as the network does. A plan is made
at two such delays: what more it takes at the longer one, divided by what the round trip is longer,
is the number of round trips that nobody has saved by asking side by side. The old commit, which
needs ten times as many, is measured with shorter ones, in turn with this one. Prints that, and the
ssh sessions of each operative node; ends with 1 when it is more than 25 round trips, or 12 sessions
with a node. Without an inventory a cluster of 2+1+1 nodes is made for it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.machine import ROOT, checkout, cluster
from bench.rows import Row, told

NODES = "operative=2,elastic=1,voting=1"
DELAYS, OLD_DELAYS = (1.0, 2.5), (0.1, 0.3)
"""Seconds of a round trip. Long, so that it outweighs what the nodes take for their answers."""
MOST_TRIPS, MOST_SESSIONS = 25, 12
_PORT = 22


@dataclass(frozen=True)
class Plan:
    """What a plan took."""

    seconds: float
    sessions: dict[str, int]
    """Of ssh, by node."""
    cpu: float
    """Seconds of this machine's processors."""


@dataclass(frozen=True)
class Trips:
    """Two plans at two delays."""

    number: float
    """Round trips one after the other."""
    sessions: dict[str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inventory", type=Path, help="a rehearsal cluster that is there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--old", metavar="COMMIT", help="measure that commit beside this one")
    options = parser.parse_args()
    new: list[Trips] = []
    old: list[Trips] = []
    with ExitStack() as stack:
        inventory = stack.enter_context(cluster("bench-trips", NODES, options.inventory))
        tree = stack.enter_context(checkout(options.old)) if options.old else None
        for each in filter(None, (tree, ROOT)):
            warmed(each, inventory)
        for _ in range(options.rounds):
            if tree is not None:
                old.append(trips(tree, inventory, OLD_DELAYS))
            new.append(trips(ROOT, inventory, DELAYS))
    return told(rows_of(new, old))


def rows_of(new: Sequence[Trips], old: Sequence[Trips]) -> list[Row]:
    """What is asked of the rounds: a row for the round trips, one for each node's sessions."""
    numbers = {"round trips one after the other": [one.number for one in new]}
    before = {"round trips one after the other": [one.number for one in old]}
    for node in sorted({node for one in new for node in one.sessions}):
        what = f"ssh sessions with {node}"
        numbers[what] = [float(one.sessions.get(node, 0)) for one in new]
        before[what] = [float(one.sessions.get(node, 0)) for one in old]
    rows = []
    for what, values in numbers.items():
        most, unit = (MOST_SESSIONS, "sessions") if "ssh" in what else (MOST_TRIPS, "round trips")
        if old:
            row = Row.of_pairs(what, values, "the old commit's", before[what], unit)
        else:
            row = Row(what, statistics.median(values), "", None, unit)
        rows.append(replace(row, most=most))
    return rows


def trips(tree: Path, inventory: Path, delays: tuple[float, float]) -> Trips:
    """A plan by that tree at each delay."""
    seen = []
    with tempfile.TemporaryDirectory(prefix="round-trips-") as name:
        for delay in delays:
            with delayed(inventory, Path(name), delay) as far:
                seen.append(plan(tree, far, Path(name) / "seen.json"))
            took = f"{seen[-1].seconds:6.1f} s, processor {seen[-1].cpu:5.2f} s"
            which = "new" if tree == ROOT else "old"
            print(f"{which}: round trip {delay:4.1f} s: {took}", flush=True)
    (first, last), (short, long) = seen, delays
    return Trips((last.seconds - first.seconds) / (long - short), last.sessions)


def warmed(tree: Path, inventory: Path) -> None:
    """The first plan of a tree compiles its modules: it does not count."""
    with tempfile.TemporaryDirectory(prefix="round-trips-") as name:
        plan(tree, inventory, Path(name) / "seen.json")


def plan(tree: Path, inventory: Path, file: Path) -> Plan:
    """A plan by that tree, in a process of its own."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, ROOT / "bench/one_plan.py", inventory, file],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        check=False,
    )
    seconds = time.monotonic() - begun
    if done.returncode not in (0, 10):  # also a plan that finds something asks everything
        sys.exit(done.stdout.decode())
    return Plan(seconds, **json.loads(file.read_text("utf-8")))


@contextlib.contextmanager
def delayed(inventory: Path, directory: Path, trip: float) -> Iterator[Path]:
    """The same inventory, with nodes that are a round trip of so many seconds away."""
    text = inventory.read_text()
    addresses = re.findall(r"ansible_host=(\S+)", text)
    found = re.search(r"ansible_ssh_common_args=-F (\S+)", text)
    if not addresses or found is None:
        sys.exit(f"{inventory}: not the inventory of a rehearsal cluster")
    ports: multiprocessing.Queue[dict[str, int]] = multiprocessing.Queue()
    relay = multiprocessing.Process(target=serve, args=(addresses, trip, ports), daemon=True)
    relay.start()
    lines = []
    for address, port in ports.get(timeout=20).items():
        lines += [f"Host {address}", "  HostName 127.0.0.1", f"  Port {port}"]
        lines += [f"  HostKeyAlias {address}"]
    config, listed = directory / f"config-{trip}", directory / f"inventory-{trip}.ini"
    config.write_text("\n".join([*lines, "Host *", f"Include {found[1]}"]) + "\n")
    listed.write_text(text.replace(f"-F {found[1]}", f"-F {config}"))
    try:
        yield listed
    finally:
        relay.terminate()
        relay.join()


def serve(addresses: list[str], trip: float, ports: multiprocessing.Queue[dict[str, int]]) -> None:
    """The relay: a port of this machine for each address."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each chunk half a round trip after it came, in its order."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                due, chunk = await waiting.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not chunk:
                    writer.close()
                    return
                writer.write(chunk)

        task = asyncio.ensure_future(write())
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(1 << 16):
                await waiting.put((time.monotonic() + trip / 2, chunk))
        await waiting.put((time.monotonic() + trip / 2, b""))
        with contextlib.suppress(ConnectionError):
            await task

    async def relay() -> None:
        told, servers = {}, []
        for address in addresses:

            async def accept(
                reader: asyncio.StreamReader,
                writer: asyncio.StreamWriter,
                address: str = address,
            ) -> None:
                await asyncio.sleep(trip)  # until the node's answer to the first packet is here
                there = await asyncio.open_connection(address, _PORT)
                await asyncio.gather(forward(reader, there[1]), forward(there[0], writer))

            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            told[address] = server.sockets[0].getsockname()[1]
            servers.append(server)
        ports.put(told)
        await asyncio.gather(*(server.serve_forever() for server in servers))

    os.nice(-5 if os.getuid() == 0 else 0)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(relay())


if __name__ == "__main__":
    raise SystemExit(main())
