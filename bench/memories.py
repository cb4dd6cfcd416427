"""`ocsweb.memories` at full size: time, memory of the controller, and whether agents are blocked.

    python -m bench.memories --directory DIR [--rows 10000000] [--runs 3] [--old COMMIT]

Makes the table in DIR (8 GB for ten million rows with all copies), on a
throw-away server, then does what a run does: classify, dump, restore and compare, fetch; then the
conversion of the product, and the comparison afterwards. Each part runs in a process of its own,
while a writer replaces rows as inventories do. Prints a table in Markdown. Started again on the
same DIR it goes on behind the last part that is done; remove DIR afterwards.

With `--old` another commit does the same at the same time in `DIR/old`, part beside part, and both
tables are printed: what slows the machine down slows down both.

Ends with 1 when the dump takes more than 1.5 times `mysqldump | gzip -1` of the same table, or the
controller more than 200 MB.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.machine import checkout
from bench.mariadb import NODE, ContainerTransport, Server, running
from bench.memories_table import SLOTS, make
from engine.ask.look import Look
from engine.model.change import Change
from engine.model.names import names_of
from engine.record.evidence import Evidence
from runbook.to_4_26.memories import comparison, dirty_values, dump
from runbook.to_4_26.memories.capacity import number_sql
from runbook.to_4_26.memories.checks import capacity_before, memories_after
from runbook.to_4_26.memories.loss import Limit
from runbook.to_4_26.names import OCS_DATABASE, SCRATCH_DATABASE
from tests.engine import kit, sshd

MOST_RATIO, MOST_MIB = 1.5, 200
ATTEMPT = "A1"
_PLAIN_DUMP = (
    "set -o pipefail; mysqldump --single-transaction --quick ocsweb memories"
    " | gzip -1 > /exchange/plain.sql.gz"
)


class BenchLook(Look):
    """The real door; which node runs the database is known."""

    def sql_node(self) -> str:
        return NODE


@dataclass
class Part:
    """What a part is done with; `notes` are for the table."""

    server: Server
    transport: ContainerTransport
    look: Look
    evidence: Evidence
    runs: int

    def make(self, change: Change) -> str:
        answer = self.transport.run(NODE, change.argv, deadline=7200)
        if answer.code != 0:
            raise SystemExit(f"{change.what}: {answer.code}: {answer.errors}")
        return answer.text

    def shell(self, script: str) -> None:
        answer = self.transport.run(NODE, ("bash", "-c", script), deadline=7200)
        if answer.code != 0:
            raise SystemExit(f"{script}: {answer.code}: {answer.errors}")


Told = dict[str, Any]


def timed(do: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def classification(part: Part) -> Told:
    """As in the preflight: counts, agents, and the whole list in a file."""
    one_pass = timed(
        lambda: part.server.rows("SELECT SUM(LENGTH(CAPACITY)), MAX(CAPTION) FROM ocsweb.memories")
    )
    begun = time.perf_counter()
    capacity_before(part.look, Limit(1, blocks=False))
    counted = time.perf_counter() - begun
    rows = dirty_values.list_rows(dirty_values.listed_values(part.look))
    listed = part.evidence.list("values", dirty_values.HEAD, rows)
    took = time.perf_counter() - begun
    return {
        "seconds": took,
        "baseline": one_pass,
        "against": "one pass over the table",
        "notes": f"{counted:.0f} s for the counts; a list of {listed['rows']} rows,"
        f" {listed['size'] >> 20} MiB",
    }


def dumped(part: Part) -> Told:
    """The backup's dump and the plain pipe in turn; the ratio is the median of the pairs."""
    size = part.look.sql(dump.TABLE_SIZE)
    ours, plain, ratios = [], [], []
    for _ in range(part.runs):
        plain.append(timed(lambda: part.shell(_PLAIN_DUMP)))
        began = part.look.sql(comparison.DATABASE_CLOCK)
        ours.append(timed(lambda: part.make(dump.dump(NODE, ATTEMPT, size, began))))  # noqa: B023
        ratios.append(ours[-1] / plain[-1])
    part.shell("rm -f /exchange/plain.sql.gz")
    return {
        "seconds": statistics.median(ours),
        "baseline": statistics.median(plain),
        "ratio": statistics.median(ratios),
        "against": "`mysqldump \\| gzip -1`",
        "notes": f"{part.runs} pairs, ratios {min(ratios):.2f} to {max(ratios):.2f}; with the test"
        " of the end, sha256 and sync",
    }


def taken(part: Part) -> dump.Dump:
    made = part.look.ask(NODE, dump.taken(ATTEMPT))
    assert made is not None, "no dump"
    return made


def proof(part: Part) -> Told:
    """Restored beside, summed up, compared row by row with the table."""
    made, size = taken(part), part.look.sql(dump.TABLE_SIZE)
    change = dump.restore_beside(NODE, ATTEMPT, made.sha256, size.deadline)
    restored = timed(lambda: part.make(change))
    begun = time.perf_counter()
    total = part.look.sql(comparison.table_sum(SCRATCH_DATABASE))
    summed = time.perf_counter() - begun
    difference = part.look.sql(comparison.backup_difference(made.database_clock))
    took = time.perf_counter() - begun
    assert not difference.unexplained, difference
    return {
        "seconds": restored + took,
        "baseline": restored,
        "against": "the restore in it",
        "notes": f"{total.rows} rows; checksum {summed:.0f} s, comparison {took - summed:.0f} s;"
        f" {difference.rewritten} rows rewritten meanwhile",
    }


def fetched(part: Part) -> Told:
    """The backup comes to the controller."""
    file = part.server.directory / "lib/attempts" / ATTEMPT / "backups"
    file /= Path(dump.backup_path(ATTEMPT)).name
    target = part.server.directory / "fetched.sql.gz"
    plain = timed(lambda: subprocess.run(["cp", file, target], check=True))
    took = timed(
        lambda: part.transport.fetch(NODE, ("cat", "--", str(file)), target, deadline=3600)
    )
    size = target.stat().st_size
    target.unlink()
    return {
        "seconds": took,
        "baseline": plain,
        "against": "`cp`",
        "notes": f"{size >> 20} MiB by ssh on the same machine",
    }


def conversion(part: Part) -> Told:
    """What the product does; not ours, but the comparison needs it."""

    def convert() -> None:
        with closing(part.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")
            number = number_sql(decorated=True)
            cursor.execute(
                f"UPDATE ocsweb.memories SET CAPACITY = {number} WHERE NOT CAPACITY <=> {number}"
            )
            cursor.execute("ALTER TABLE ocsweb.memories CHANGE CAPACITY CAPACITY INT NULL")

    took = timed(convert)
    return {"seconds": took, "baseline": took, "against": "itself", "notes": "the product's own"}


def verification(part: Part) -> Told:
    """The table against its backup, which lies beside it."""
    both = ", ".join(f"{schema}.memories" for schema in (OCS_DATABASE, SCRATCH_DATABASE))
    plain = timed(lambda: part.server.rows(f"CHECKSUM TABLE {both}"))
    made = taken(part)
    begun = time.perf_counter()
    seen = memories_after(part.look, made.database_clock)
    took = time.perf_counter() - begun
    assert seen.findings == [], seen.findings
    return {
        "seconds": took,
        "baseline": plain,
        "against": "`CHECKSUM TABLE` of both",
        "notes": "nothing wrong, so every slot of both tables is compared",
    }


def everything_wrong(part: Part) -> Told:
    """The same when every value is wrong: the first thousand slots are enough."""
    part.server.rows("UPDATE ocsweb.memories SET CAPACITY = COALESCE(CAPACITY, 0) + 1")
    made = taken(part)
    plain = timed(lambda: part.server.rows("CHECKSUM TABLE ocsweb.memories"))
    begun = time.perf_counter()
    seen = memories_after(part.look, made.database_clock)
    took = time.perf_counter() - begun
    assert any(f.observed.startswith("at least") for f in seen.findings), seen.findings
    return {
        "seconds": took,
        "baseline": plain,
        "against": "`CHECKSUM TABLE` of the table",
        "notes": f'{len(seen.findings)} findings that say "at least"',
    }


PARTS: dict[str, Callable[[Part], Told]] = {
    "classification": classification,
    "dump": dumped,
    "proof": proof,
    "fetch": fetched,
    "conversion": conversion,
    "verification": verification,
    "verification, all wrong": everything_wrong,
}
UNMEASURED = frozenset({"conversion"})
"""The product's statement blocks writers by itself, and its memory is not the controller's."""


def do_part(name: str, directory: Path, container: str, runs: int) -> Told:
    """One part, in this process; its peak of memory is told, too."""
    server = Server(container, directory)
    with ExitStack() as stack:
        ssh = stack.enter_context(sshd.running(["LogLevel ERROR"]))
        door = ContainerTransport(server, stack.enter_context(sshd.transport(ssh.host())))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=directory)))
        run = kit.make_run(place)
        look = BenchLook(run, door, names_of(run.inventory, None))
        told = PARTS[name](Part(server, door, look, Evidence(run, "bench", ()), runs))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**told, "mib": peak}


class Writer(threading.Thread):
    """Replaces a machine's rows as an inventory does, again and again, and times each of them."""

    def __init__(self, server: Server, machines: int, part: str) -> None:
        super().__init__(daemon=True)
        self._server, self._machines = server, machines
        self._chance = random.Random(part)  # other machines and values in every part
        self._over = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        chance = self._chance
        with closing(self._server.connect()) as connection, connection.cursor() as cursor:
            while not self._over.wait(0.05):
                machine = chance.randint(1, self._machines)
                begun = time.perf_counter()
                connection.begin()
                cursor.execute(
                    "UPDATE ocsweb.hardware SET LASTDATE = NOW() WHERE ID = %s", (machine,)
                )
                cursor.execute(
                    "UPDATE ocsweb.memories SET SPEED = %s WHERE HARDWARE_ID = %s",
                    (str(chance.randint(1000, 4000)), machine),
                )
                connection.commit()
                self.seconds.append(time.perf_counter() - begun)

    @contextmanager
    def writing(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self._over.set()
            self.join(60)


def in_process(name: str, server: Server, runs: int) -> Told:
    """The part in a process of its own, whose memory is the controller's."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.memories", "--part", name, "--runs", str(runs)),
            *("--directory", str(server.directory), "--container", server.name),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{name} ended with {done.returncode}")
    told: Told = json.loads(done.stdout.splitlines()[-1])
    return told


def measure(server: Server, rows: int, runs: int) -> dict[str, Told]:
    """All parts, in their order; those on record are not done again."""
    record = server.directory / f"measured-{rows}.json"
    told: dict[str, Told] = json.loads(record.read_text()) if record.exists() else {}
    if not told:
        make(server, rows, say)
    for name in PARTS:
        if name in told:
            continue
        say(f"{name} ...")
        writer = Writer(server, rows // SLOTS, name)
        with writer.writing():
            told[name] = in_process(name, server, runs)
        told[name] |= {
            "written": len(writer.seconds),
            "longest": max(writer.seconds),
            "usual": statistics.median(writer.seconds),
        }
        record.write_text(json.dumps(told, indent=1))
    return told


def say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S}  {text}", file=sys.stderr, flush=True)


def table(told: dict[str, Told]) -> Iterator[str]:
    yield "| part | time | measured against | ratio | peak of the controller | writes: longest |"
    yield "|---|---|---|---|---|---|"
    for name, part in told.items():
        if name in UNMEASURED:
            continue
        ratio = part.get("ratio", part["seconds"] / part["baseline"])
        yield (
            f"| {name} | {part['seconds']:.0f} s | {part['against']}: {part['baseline']:.1f} s |"
            f" {ratio:.2f} | {part['mib']:.0f} MiB | {part['longest']:.2f} s of {part['written']}"
            f" (usual {part['usual'] * 1000:.0f} ms) |"
        )
    yield ""
    yield from (f"- {name}: {part['notes']}" for name, part in told.items())


@contextmanager
def beside(old: str | None, directory: Path, rows: int, runs: int) -> Iterator[None]:
    """Another commit's benchmark at work meanwhile, if one is named; its table comes at the end."""
    if old is None:
        yield
        return
    with checkout(old) as tree:
        other = subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.memories", "--directory", directory / "old"),
                *("--rows", str(rows), "--runs", str(runs)),
            ],
            cwd=tree,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield
            text, _ = other.communicate()
        finally:
            other.send_signal(signal.SIGINT)  # it stops its server, if it is still at work
            other.wait()
    if other.returncode not in (0, 1):
        raise SystemExit(f"{old} ended with {other.returncode}")
    print(f"{old}:\n{text}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3, help="pairs of dumps")
    parser.add_argument("--old", help="commit to be measured beside this one")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--container", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    directory = options.directory.resolve()
    if options.part:
        print(json.dumps(do_part(options.part, directory, options.container, options.runs)))
        return 0
    with beside(options.old, directory, options.rows, options.runs), running(directory) as server:
        told = measure(server, options.rows, options.runs)
        (version,) = server.rows("SELECT VERSION() AS version")
    print(f"{options.rows} rows, MariaDB {version['version']}\n")
    print("\n".join(table(told)))
    measured = [part for name, part in told.items() if name not in UNMEASURED]
    good = told["dump"]["ratio"] <= MOST_RATIO and all(p["mib"] < MOST_MIB for p in measured)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
