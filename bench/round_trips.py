"""How many round trips of the network a plan needs one after the other, and what else it takes.

    python -m bench.round_trips INVENTORY [--trips 25] [--sessions 12]

Between this machine and the nodes of a rehearsal cluster comes a relay that holds back each byte
for half a round trip, and each new connection for a whole one, as the network does. A plan is made
at two such delays: what more it takes at the longer one, divided by what the round trip is longer,
is the number of round trips that nobody has saved by asking side by side. Prints that, the ssh
sessions of each node, and processor seconds of the plan; ends with 1 beyond what is allowed.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.transport.connection import Connection

DELAYS = (1.0, 2.5)
"""Seconds of a round trip. Long, so that it outweighs what the nodes take for their answers."""
_PORT = 22


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inventory", type=Path)
    parser.add_argument("--trips", type=float, default=25.0)
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        return plan_here(options.inventory, options.one)
    seen = {}
    with tempfile.TemporaryDirectory(prefix="round-trips-") as name:
        for delay in DELAYS:
            with delayed(options.inventory, Path(name), delay) as inventory:
                seen[delay] = plan(inventory, Path(name) / "seen.json")
            told = seen[delay]
            cpu, took = told["cpu"], told["seconds"]
            print(f"round trip {delay:4.1f} s: {took:6.1f} s, processor {cpu:5.2f} s", flush=True)
    short, long = DELAYS
    trips = (seen[long]["seconds"] - seen[short]["seconds"]) / (long - short)
    most = max(seen[long]["sessions"].values())
    print(f"round trips one after the other: {trips:.1f}, at most {options.trips:g}")
    for node, count in seen[long]["sessions"].items():
        print(f"ssh sessions with {node}: {count}, at most {options.sessions}")
    return 0 if trips <= options.trips and most <= options.sessions else 1


def plan(inventory: Path, told: Path) -> dict[str, Any]:
    """A plan in a process of its own: seconds, processor seconds, sessions by node."""
    words = [sys.executable, "-m", "bench.round_trips", str(inventory), "--one", str(told)]
    begun = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    seconds = time.monotonic() - begun
    if done.returncode not in (0, 10):  # also a plan that finds something asks everything
        sys.exit(done.stdout.decode())
    seen: dict[str, Any] = json.loads(told.read_text())
    return {**seen, "seconds": seconds}


def plan_here(inventory: Path, told: Path) -> int:
    """A plan in this process, with a note of each session."""
    sessions: collections.Counter[str] = collections.Counter()
    client = Connection.client

    def counted(self: Connection, control: Path, command: bytes) -> list[bytes]:
        sessions[self.host.name] += 1
        return client(self, control, command)

    Connection.client = counted  # type: ignore[method-assign]
    code = pytest.main(["runbook", "--inventory", str(inventory), "--plan"])
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    told.write_text(json.dumps({"sessions": sessions, "cpu": cpu}))
    return int(code)


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
