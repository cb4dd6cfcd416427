"""The questions and the backup on a real MariaDB server, in a container of the node image.

The server logs to a binary log, so that what must stay out of it can be seen.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pymysql
import pytest
from pymysql.cursors import DictCursor

from engine.errors import RunbookError
from engine.model.query import SqlQuery
from engine.record import listing
from engine.record.evidence import Evidence, StoppedForPerson
from engine.secrets import Secret
from rehearsal import host, image
from rehearsal.podman import limits, podman
from rehearsal.to_4_26 import STEP
from runbook.to_4_26.actions.backup import (
    Beside,
    memories_backed_up,
    memories_beside,
    memories_beside_dropped,
)
from runbook.to_4_26.glpi import place as glpi_place
from runbook.to_4_26.glpi import servers as glpi
from runbook.to_4_26.httpd import inventories
from runbook.to_4_26.memories import (
    agents,
    capacity,
    comparison,
    dirty_values,
    dump,
    follow_up_list,
    loss,
    pairs,
    table,
)
from runbook.to_4_26.memories import checks as memories_checks
from runbook.to_4_26.memories.checks import capacity_before, memories_after
from runbook.to_4_26.memories.comparison import BackupDifference, DecoratedOutcome
from runbook.to_4_26.memories.dirty_values import DirtyValue, RowByRow
from runbook.to_4_26.memories.loss import Limit
from runbook.to_4_26.memories.proof import proof_of
from runbook.to_4_26.names import SCRATCH_DATABASE
from runbook.to_4_26.presence import Presence
from tests.actions.ocs_nodes import FakeLook, N, Nodes, drive
from tests.engine import kit

pytestmark = pytest.mark.integration

LIMIT = Limit(1, blocks=False)

T = TypeVar("T")
VALUES = Path(__file__).parents[1] / "data" / "capacity-values.csv"
KINDS = {"empty": "blank", "integer-decorated": "decorated integer"}
LAST_WEEK = "NOW() - INTERVAL 7 DAY"
STRICT, LENIENT = "STRICT_TRANS_TABLES", "NO_ENGINE_SUBSTITUTION"

_START = """
set -e
mkdir -p /run/data /run/mysqld
chown mysql /run/data
ln -s /exchange/db.sock /run/mysqld/mysqld.sock
mariadb-install-db --user=mysql --datadir=/run/data --skip-test-db \
  --auth-root-authentication-method=normal > /exchange/install.log 2>&1
exec mariadbd --user=mysql --datadir=/run/data --socket=/exchange/db.sock --skip-networking \
  --pid-file=/run/data/pid --log-bin=/run/data/binlog --server-id=1 --innodb-buffer-pool-size=64M \
  --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync
"""
SCHEMA = (
    "CREATE DATABASE ocsweb CHARACTER SET utf8",
    """CREATE TABLE ocsweb.hardware (ID INT PRIMARY KEY, DEVICEID VARCHAR(255) NOT NULL,
 NAME VARCHAR(255), USERAGENT VARCHAR(50), LASTDATE DATETIME, LASTCOME DATETIME, ARCHIVE INT)""",
    """CREATE TABLE ocsweb.memories (ID INT PRIMARY KEY AUTO_INCREMENT, HARDWARE_ID INT NOT NULL,
 CAPTION VARCHAR(255), DESCRIPTION VARCHAR(255), CAPACITY VARCHAR(255), PURPOSE VARCHAR(255),
 TYPE VARCHAR(255), SPEED VARCHAR(255), NUMSLOTS SMALLINT, SERIALNUMBER VARCHAR(255),
 KEY HARDWARE_ID (HARDWARE_ID))""",
)


class Server:
    """The server, as root by its socket; `mode` is the SQL mode of the questions' sessions."""

    def __init__(self, name: str, socket: Path) -> None:
        self.name = name
        self.socket = socket
        self.mode = STRICT

    def connect(self) -> None:
        self.connection = pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            charset="utf8mb4",
            autocommit=True,
            cursorclass=DictCursor,
        )

    def rows(self, sql: str, params: object = None) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = %s", (self.mode,))
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    def ask(self, query: SqlQuery[T]) -> T:
        self.connection.select_db(query.database)
        return query.parse(self.rows(query.sql, query.params or None))

    @property
    def log_position(self) -> int:
        (row,) = self.rows("SHOW MASTER STATUS")
        return int(row["Position"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    host.prepare()
    shared = tmp_path_factory.mktemp("db")
    shared.chmod(0o777)
    name = f"runbook-test-{uuid.uuid4().hex[:8]}"
    volume = f"{shared}:/exchange"
    podman(
        *(
            "run",
            "--detach",
            "--rm",
            "--network",
            "none",
            "--name",
            name,
            "--volume",
            volume,
            *limits(),
        ),
        *(image.ensure(STEP, lambda _: None), "bash", "-c", _START),
    )
    started = Server(name, shared / "db.sock")
    try:
        _wait(started)
        yield started
    finally:
        podman("rm", "--force", "--time", "0", name)


def _wait(server: Server) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.connect()
            return
        except pymysql.err.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
def database(server: Server) -> Server:
    """An empty `ocsweb` as before the upgrade, without a scratch schema."""
    server.mode = STRICT
    for name in ("ocsweb", SCRATCH_DATABASE):
        server.rows(f"DROP DATABASE IF EXISTS {name}")
    for statement in SCHEMA:
        server.rows(statement)
    return server


def values() -> list[tuple[str | None, str, str]]:
    with VALUES.open(newline="") as file:
        return [
            (
                json.loads(row["value_json"]),
                KINDS.get(row["class"], row["class"].replace("-", " ")),
                row["alter_nonstrict"],
            )
            for row in csv.DictReader(file)
        ]


def fill(server: Server, machines: int = 3) -> None:
    """Every measured value once, a slot each, spread over machines, and one orphan row."""
    for machine in range(1, machines + 1):
        server.rows(
            "INSERT INTO ocsweb.hardware VALUES (%s, %s, %s, 'agent 2.1',"
            f" {LAST_WEEK}, {LAST_WEEK}, NULL)",
            (machine, f"host{machine}-2024", f"host{machine}"),
        )
    rows = [
        (number % machines + 1, number, f"DIMM {number % 4}", value)
        for number, (value, _, _) in enumerate(values())
    ]
    with server.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPTION, CAPACITY)"
            " VALUES (%s, %s, %s, %s)",
            [*rows, (99, None, None, "No")],
        )


def convert(server: Server, *, keep_decorated: bool) -> None:
    """What the product does: other values to NULL, then the column to integer."""
    cleaned = capacity.number_sql(decorated=keep_decorated)
    server.mode = LENIENT
    server.rows(f"UPDATE ocsweb.memories SET CAPACITY = {cleaned}")
    server.rows("ALTER TABLE ocsweb.memories CHANGE CAPACITY CAPACITY INT NULL DEFAULT NULL")
    server.mode = STRICT


@pytest.fixture
def look(database: Server, tmp_path: Path) -> FakeLook:
    """N with the real clients and the real server behind it."""
    fill(database)
    nodes = Nodes(tmp_path, N)
    nodes.path(N, "/run").mkdir()
    for program in ("mysql", "mysqldump"):
        nodes.program(
            program,
            f'exec podman --runtime runc exec -i {database.name} {program} "$@"',
        )
    made = FakeLook(nodes)
    made.sql = database.ask  # type: ignore[method-assign]
    return made


def sizes(look: FakeLook) -> None:
    """The server's directory is in the container; room is judged for one that is here."""
    asked = look.sql

    def sql(query: SqlQuery[Any]) -> Any:
        value = asked(query)
        if isinstance(value, dump.TableSize):
            return dataclasses.replace(value, datadir="/var/lib", tmpdir="/var/lib")
        return value

    look.sql = sql  # type: ignore[method-assign]


@pytest.mark.parametrize("mode", [STRICT, LENIENT, "STRICT_ALL_TABLES,ANSI,NO_BACKSLASH_ESCAPES"])
def test_classes_and_numbers_in_every_mode(database: Server, mode: str) -> None:
    fill(database)
    database.mode = mode
    found = database.rows(
        f"SELECT CAPACITY AS value, {capacity.class_sql()} AS kind,"
        f" {capacity.number_sql(decorated=True)} AS number FROM ocsweb.memories"
        " WHERE HARDWARE_ID <> 99 ORDER BY ID"
    )
    for row, (value, kind, altered) in zip(found, values(), strict=True):
        assert (row["value"], row["kind"]) == (value, kind)
        survives = kind in ("integer", "decorated integer")
        assert row["number"] == (int(altered) if survives else None), value
    counts = database.ask(capacity.COUNTS)
    assert counts.total == len(values()) + 1


def test_the_list_pages_and_keeps_orphans(database: Server) -> None:
    fill(database)
    whole = whole_page(database.ask(dirty_values.dirty_values(0, 1000)))
    assert [value.value for value in whole if value.is_orphan] == ["No"]
    assert database.ask(dirty_values.dirty_rows(0, 1000)) == whole
    paged, after = [], 0
    while page := whole_page(database.ask(dirty_values.dirty_values(after, 7))):
        paged += page
        after = page[-1].row
    assert paged == whole
    assert {value.kind for value in whole} == capacity.LISTED


def whole_page(values: list[DirtyValue | RowByRow]) -> list[DirtyValue]:
    """All of it could be read."""
    read = [value for value in values if isinstance(value, DirtyValue)]
    assert read == values
    return read


def test_list_and_counts_are_those_of_single_rows_whatever_the_values(
    look: FakeLook, database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held to the classes by name, a row each, written by the module csv and masked row by row."""
    drawn = random.Random(20)
    odd_table(database, drawn)
    monkeypatch.setattr(dirty_values, "PAGE", 400)
    run = kit.make_run(tmp_path)
    run.redactor.learn(Secret("hunter22"))
    expected = lines_by_single_rows(database, run.redactor.clean_output)
    assert len(expected) > 2000
    for most in (1 << 20, 3000, 40):
        database.rows(f"SET SESSION group_concat_max_len = {most}")
        for mode in (STRICT, LENIENT, "STRICT_ALL_TABLES,ANSI,NO_BACKSLASH_ESCAPES"):
            database.mode = mode
            values = dirty_values.listed_values(look)  # type: ignore[arg-type]
            told = Evidence(run, "s", ()).list(
                "v", dirty_values.HEAD, dirty_values.list_rows(values)
            )
            written = (run.directory / told["file"]).read_bytes().decode()
            assert written.split("\n")[1:-1] == expected
    assert "hunter22" not in written
    classified = database.ask(capacity.by_agent())
    assert classified.is_whole
    classes = database.rows(
        f"SELECT {capacity.class_sql()} AS kind, COUNT(*) AS n,"
        " COUNT(DISTINCT HARDWARE_ID) AS machines FROM ocsweb.memories GROUP BY 1"
    )
    seen = classified.counts()
    assert {str(k): n for k, n in seen.rows.items()} == {row["kind"]: row["n"] for row in classes}
    assert seen.sentence() == database.ask(capacity.COUNTS).sentence()
    groups = database.rows(
        "SELECT h.USERAGENT AS agent, h.ID IS NOT NULL AS known, m.kind AS kind,"
        " COUNT(DISTINCT m.HARDWARE_ID) AS machines, COUNT(*) AS n FROM (SELECT HARDWARE_ID,"
        f" {capacity.class_sql()} AS kind FROM ocsweb.memories) m LEFT JOIN ocsweb.hardware h"
        " ON h.ID = m.HARDWARE_ID WHERE m.kind NOT IN ('integer', 'null') GROUP BY 1, 2, 3"
        " ORDER BY 5 DESC, 1, 2, 3"
    )
    # which of several names that a collation takes for one is shown is the server's to choose
    assert [
        (group.is_orphan, str(group.kind), group.machines, group.rows)
        for group in classified.groups
    ] == [(not row["known"], row["kind"], row["machines"], row["n"]) for row in groups]


SENT_BY_ODD_AGENTS = (
    *("8192", "0", "08192", "2147483647", "2147483648", "0000000000000000000008192", "9" * 70),
    *("-1", "+8192", " 8192 ", "-2147483649", "8192\n", "8192\r\n", "\t8192\x0b", "1.5", "1e3"),
    *("", " ", "\t\n ", "\xa0", "No", "< 1", "8192 MB", "٣٤", "８１９２", "8192\x00", "\x1b[2J"),
    *("=1+1", "@x", "'x", '"', '"a","b"', "a\\nb", "\\", "é", "ſecret=x", "\u202e", "a\x1eb"),
    *("\x1e", "\x1f", "a\x1fb\x1fc", "password = other", "x hunter22", "token:", "user://a:b@c"),
    *("op-digest='ab", 'op-x-digest = "c', '<nvpair name="passwd" value="x"/>', "%s", "a,b"),
)


def odd_table(database: Server, drawn: random.Random) -> None:
    """Rows of odd values in every column that the list shows; tables of two character sets."""
    database.rows("ALTER TABLE ocsweb.hardware CONVERT TO CHARACTER SET latin1")
    letters = "0123456789 +-.\n\x1f\x1eAa\"'\\=é"

    def text(*, none: bool = True, most: int = 255) -> str | None:
        if none and drawn.random() < 0.1:
            return None
        if drawn.random() < 0.6:
            return drawn.choice(SENT_BY_ODD_AGENTS)[:most]
        return "".join(drawn.choices(letters, k=drawn.randint(0, 12)))

    def of_latin(value: str | None) -> str | None:
        return None if value is None else value.encode("latin1", "replace").decode("latin1")

    dates = ("2024-03-09 21:30:00", "0001-01-01 00:00:00", None)
    database.mode = LENIENT
    database.rows("DELETE FROM ocsweb.memories")
    database.rows("DELETE FROM ocsweb.hardware")
    agents_drawn = [of_latin(text(most=50)) for _ in range(20)]
    machines = [
        (
            *(number, of_latin(text(none=False)), of_latin(text()), drawn.choice(agents_drawn)),
            *(drawn.choice(dates), drawn.choice((*dates, "0000-00-00 00:00:00"))),
        )
        for number in range(1, 400)
    ]
    rows = [
        (drawn.randint(1, 420), drawn.choice((None, 0, 1, -2)), text(), text()) for _ in range(6000)
    ]
    with database.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ocsweb.hardware (ID, DEVICEID, NAME, USERAGENT, LASTDATE, LASTCOME)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            machines,
        )
        cursor.executemany(
            "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPTION, CAPACITY)"
            " VALUES (%s, %s, %s, %s)",
            rows,
        )


def lines_by_single_rows(database: Server, clean: Callable[[str], str]) -> list[str]:
    """The lines of the list, the slow way."""
    cells = []
    for row in database.rows(
        "SELECT m.ID, m.HARDWARE_ID, m.CAPACITY, m.NUMSLOTS, m.CAPTION, h.NAME, h.DEVICEID,"
        f" h.USERAGENT, h.LASTDATE, h.LASTCOME, {capacity.class_sql()} AS kind"
        " FROM ocsweb.memories m LEFT JOIN ocsweb.hardware h ON h.ID = m.HARDWARE_ID"
    ):
        kind = capacity.CapacityClass(row["kind"])
        orphan = row["DEVICEID"] is None
        if kind in capacity.LISTED:
            cells.append(
                (
                    *(capacity.agent_name(row["USERAGENT"], orphan=orphan), row["HARDWARE_ID"]),
                    *(row["NAME"], row["DEVICEID"]),
                    *(str(row[d]) if row[d] else None for d in ("LASTDATE", "LASTCOME")),
                    *(row["NUMSLOTS"], row["CAPTION"], row["CAPACITY"], kind.value, row["ID"]),
                    capacity.advice(kind, orphan=orphan),
                )
            )
    cells.sort(key=lambda row: [(cell is not None, cell) for cell in row])
    written = []
    for one in cells:
        safe = [listing.safe(cell) for cell in one]
        texts = clean("\n".join(map(str, safe))).split("\n")
        shown = [t if isinstance(c, str) else c for c, t in zip(safe, texts, strict=True)]
        buffer = io.StringIO()
        csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="").writerow(shown)
        written.append(buffer.getvalue())
    return written


def test_the_list_in_the_run_s_outputs_has_every_value_by_agent(
    look: FakeLook, database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dirty_values, "PAGE", 7)
    hostile = "=cmd|' /C calc'!A1\x1b[2J<script>"
    database.rows("UPDATE ocsweb.hardware SET USERAGENT = NULL WHERE ID = 2")
    database.rows("UPDATE ocsweb.hardware SET USERAGENT = %s WHERE ID = 3", (hostile,))
    run = kit.make_run(tmp_path)
    rows = dirty_values.list_rows(dirty_values.listed_values(look))  # type: ignore[arg-type]
    told = Evidence(run, "s", ()).list("values", dirty_values.HEAD, rows)
    with (run.directory / told["file"]).open(newline="") as file:
        head, *listed = csv.reader(file)
    assert tuple(head) == dirty_values.HEAD
    wanted = sorted(
        (row["ID"], str(listing.safe(row["CAPACITY"])))
        for row in database.rows(
            f"SELECT ID, CAPACITY, {capacity.class_sql()} AS kind FROM ocsweb.memories"
        )
        if row["kind"] in capacity.LISTED
    )
    assert sorted((int(row[10]), row[8]) for row in listed) == wanted
    shown = "'=cmd|' /C calc'!A1\\x1b[2J<script>"
    # sorted, so that an agent's machines stand together
    agents_in_order = list(dict.fromkeys(row[0] for row in listed))
    assert sorted(agents_in_order) == sorted(
        ["(orphan row: its machine is gone)", "(unknown agent)", shown, "agent 2.1"]
    )
    places = [(agents_in_order.index(row[0]), int(row[1])) for row in listed]
    assert places == sorted(places)
    groups = database.ask(capacity.by_agent()).groups
    counted = {group.agent: 0 for group in groups}
    for group in groups:
        counted[group.agent] += group.rows if group.kind in capacity.LISTED else 0
    found = [row[0] for row in listed]
    assert {str(listing.safe(a)): n for a, n in counted.items()} == {
        agent: found.count(agent) for agent in agents_in_order
    }


def test_what_agents_sent_is_counted_by_the_database_s_own_clock(database: Server) -> None:
    fill(database, machines=5)
    now, later = "NOW()", "NOW() + INTERVAL 1 DAY"
    for machine, lastdate, lastcome in (
        (1, now, now),
        # a question, and none was due
        (2, LAST_WEEK, now),
        # an agent's own clock, of a machine that has not come since
        (3, later, LAST_WEEK),
        (4, later, now),
    ):
        database.rows(
            f"UPDATE ocsweb.hardware SET LASTDATE = {lastdate}, LASTCOME = {lastcome}"
            f" WHERE ID = {machine}"
        )
    database.rows(
        f"INSERT INTO ocsweb.hardware VALUES (8, '_SYSTEMGROUP_', 'g', NULL, {now}, {now}, NULL),"
        f" (9, 'zero-2024', 'z', NULL, NULL, NULL, NULL)"
    )
    (rows,) = database.rows("SELECT COUNT(*) AS n FROM ocsweb.memories WHERE HARDWARE_ID IN (1, 4)")
    hour = database.ask(comparison.DATABASE_CLOCK) - timedelta(hours=1)
    seen = database.ask(inventories.stored_since(hour))
    assert (seen.contacts, seen.machines, seen.modules) == (3, 2, rows["n"])
    assert seen.last is not None
    assert hour == seen.since < seen.last
    month = database.ask(inventories.stored_since(hour - timedelta(days=30)))
    assert (month.contacts, month.machines) == (5, 5)
    database.rows("DELETE FROM ocsweb.hardware")
    none = database.ask(inventories.stored_since(hour))
    assert (none.contacts, none.machines, none.last, none.modules) == (0, 0, None, 0)


def test_column_types(database: Server) -> None:
    assert database.ask(capacity.column_type()) is capacity.ColumnType.TEXT
    convert(database, keep_decorated=True)
    assert database.ask(capacity.column_type()) is capacity.ColumnType.INTEGER
    assert database.ask(capacity.column_type("nowhere")) is None


@pytest.mark.parametrize("keep_decorated", [True, False])
def test_backup_conversion_and_comparison(
    look: FakeLook, database: Server, keep_decorated: bool
) -> None:
    sizes(look)
    assert capacity_before(look, LIMIT).is_listed  # type: ignore[arg-type]
    position = database.log_position
    done = drive(look.nodes, memories_backed_up, look)
    assert f"{len(values()) + 1} rows" in str(done.said)
    assert database.log_position == position
    convert(database, keep_decorated=keep_decorated)
    position = database.log_position
    look.memory.changes.clear()
    drive(look.nodes, memories_beside, look, Beside())
    proof = look.ask(N, proof_of("A1"))
    assert proof is not None
    seen = memories_after(look, proof.database_clock)  # type: ignore[arg-type]
    assert seen.findings == []
    total = sum(kind == "decorated integer" for _, kind, _ in values())
    kept = total if keep_decorated else 0
    assert database.ask(comparison.DECORATED) == DecoratedOutcome(total, kept)
    told = loss.before(database.ask(comparison.SAVED_CLASSES), LIMIT).count
    assert [one.count for one in seen.lost] == [told - kept, 0, 0, 0]
    # the parts are the sum that is told as lost
    assert f"{told - kept} values lost, NULL by now: {told - total} that are no" in seen.observed
    assert f"and {total - kept} of {total} integers with" in seen.observed
    # every NULL that the table has by now is told: lost, blank, or NULL before
    account = {one.what: one.count for one in seen.lost[0].no_loss}
    (now,) = database.rows("SELECT COUNT(*) AS nulls FROM ocsweb.memories WHERE CAPACITY IS NULL")
    before = account["NULL before the upgrade"]
    assert now["nulls"] == told - kept + account[loss.BLANK] + before
    assert account[loss.BLANK] == sum(kind == "blank" for _, kind, _ in values())
    assert f"{account[loss.BLANK]} blank ones are NULL by now as well" in seen.observed
    assert f"; {before} were NULL before" in seen.observed
    look.memory.ledger[dump.SCRATCH] = None  # type: ignore[assignment]
    drive(look.nodes, memories_beside_dropped, look)
    assert database.log_position == position


def test_a_table_without_rows_goes_the_whole_way(look: FakeLook, database: Server) -> None:
    """Zero rows are a proved backup of zero rows, compared afterwards like any other."""
    sizes(look)
    database.rows("DELETE FROM ocsweb.memories")
    seen = capacity_before(look, LIMIT)  # type: ignore[arg-type]
    assert (seen.findings, seen.is_listed) == ([], False)
    done = drive(look.nodes, memories_backed_up, look)
    assert str(done.said).startswith("0 rows, checksum 0")
    assert list(follow_up_list.read(look.nodes.path(N, follow_up_list.path("A1")))) == []
    convert(database, keep_decorated=True)
    drive(look.nodes, memories_beside, look, Beside())
    proof = look.ask(N, proof_of("A1"))
    assert proof is not None
    after = memories_after(look, proof.database_clock)  # type: ignore[arg-type]
    assert after.findings == []
    assert "0 rows, 0 in the backup" in after.observed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DECIMAL(20,0)", "INT"),
        ("BIGINT", "INT"),
        ("VARCHAR(255)", "BIGINT"),
        ("VARCHAR(255)", "VARCHAR(255)"),
    ],
)
def test_a_column_of_another_type_goes_the_whole_way_when_it_is_accepted(
    look: FakeLook, database: Server, before: str, after: str
) -> None:
    """capacity-column and capacity-still-text are called acceptable: nothing behind them fails."""
    sizes(look)
    database.mode = LENIENT
    database.rows(f"ALTER TABLE ocsweb.memories MODIFY CAPACITY {before}")
    database.mode = STRICT
    seen = capacity_before(look, LIMIT)  # type: ignore[arg-type]
    is_text = before.startswith("VARCHAR")
    assert [f.code for f in seen.findings] == ["capacity-dirty" if is_text else "capacity-column"]
    drive(look.nodes, memories_backed_up, look)
    listed = list(follow_up_list.read(look.nodes.path(N, follow_up_list.path("A1"))))
    assert bool(listed) is is_text
    database.mode = LENIENT
    database.rows(f"ALTER TABLE ocsweb.memories MODIFY CAPACITY {after}")
    drive(look.nodes, memories_beside, look, Beside())
    proof = look.ask(N, proof_of("A1"))
    assert proof is not None
    memories_after(look, proof.database_clock)  # type: ignore[arg-type]
    database.rows("UPDATE ocsweb.hardware SET LASTDATE = NOW()")
    judged = follow_up_list.with_now(look, iter(listed))  # type: ignore[arg-type]
    verdicts = {agents.verdict(one, now, proof.database_clock) for one, now in judged}
    assert verdicts == ({agents.Verdict.UPDATE_AGENT} if is_text else set())


def test_an_inventory_after_an_empty_dump_is_no_proof(look: FakeLook, database: Server) -> None:
    """The table has rows by then: another run backs them up."""
    sizes(look)
    database.rows("DELETE FROM ocsweb.memories")
    driven = drive(look.nodes, memories_backed_up, look, stop_after=2)
    assert [change.what.split()[0] for change in driven.changes] == ["dump", "restore"]
    database.rows("UPDATE ocsweb.hardware SET LASTDATE = NOW() WHERE ID = 1")
    database.rows("INSERT INTO ocsweb.memories (HARDWARE_ID, CAPACITY) VALUES (1, '8192')")
    with pytest.raises(StoppedForPerson, match="backup-not-proved"):
        drive(look.nodes, memories_backed_up, look)
    assert str(drive(look.nodes, memories_backed_up, look).said).startswith("1 rows, ")


@pytest.mark.parametrize(
    ("statement", "subject", "observed"),
    [
        ("SELECT 1", "", ""),
        ("DROP TABLE ocsweb.memories", "ocsweb.memories", "there is no such table"),
        (
            "ALTER TABLE ocsweb.memories DROP COLUMN CAPACITY",
            "ocsweb.memories",
            "it has no column CAPACITY",
        ),
        (
            "RENAME TABLE ocsweb.memories TO ocsweb.old; CREATE VIEW ocsweb.memories AS"
            " SELECT * FROM ocsweb.old",
            "ocsweb.memories",
            "it is a view, and no table",
        ),
        (
            "CREATE VIEW ocsweb.v AS SELECT 1; RENAME TABLE ocsweb.memories TO ocsweb.old;"
            " CREATE VIEW ocsweb.memories AS SELECT * FROM ocsweb.old; DROP TABLE ocsweb.old",
            "ocsweb.memories",
            "it is a view, and no table",
        ),
        (
            "ALTER TABLE ocsweb.hardware DROP COLUMN LASTDATE",
            "ocsweb.hardware",
            "it has no column LASTDATE",
        ),
    ],
    ids=["as it is", "gone", "no column", "view", "broken view", "hardware"],
)
def test_what_is_no_table_to_convert_is_told_by_the_real_server(
    look: FakeLook, database: Server, statement: str, subject: str, observed: str
) -> None:
    for one in statement.split(";"):
        database.rows(one)
    there = Presence((N,), frozenset({"ocsweb"}), 2)
    place = table.memories_place(look, there)  # type: ignore[arg-type]
    assert [(f.subject, f.observed) for f in place.findings] == (
        [(subject, observed)] if subject else []
    )
    assert place.is_there is not bool(subject)


def test_a_package_without_its_database_has_nothing_to_convert(
    look: FakeLook, database: Server
) -> None:
    """Installed and never set up: nobody could accept a table that is missing."""
    database.rows("RENAME TABLE ocsweb.memories TO ocsweb.m, ocsweb.hardware TO ocsweb.h")
    there = Presence((N,), frozenset(), 2)
    place = table.memories_place(look, there)  # type: ignore[arg-type]
    assert (place.findings, place.is_there) == ([], False)
    assert table.no_memories(look, there) == there.sentence()  # type: ignore[arg-type]


def test_a_copy_in_another_database_is_named(look: FakeLook, database: Server) -> None:
    database.rows("DROP DATABASE IF EXISTS ocsweb_2019")
    database.rows("CREATE DATABASE ocsweb_2019")
    database.rows("CREATE TABLE ocsweb_2019.memories LIKE ocsweb.memories")
    database.rows("CREATE TABLE ocsweb_2019.hardware LIKE ocsweb.hardware")
    place = table.memories_place(look, Presence((), frozenset({"ocsweb"}), 2))  # type: ignore[arg-type]
    database.rows("DROP DATABASE ocsweb_2019")
    assert (place.findings, place.is_there) == ([], True)
    assert "also in ocsweb_2019, which the upgrade leaves as it is" in place.observed


def saved(database: Server) -> None:
    """The scratch schema as restoring the backup makes it."""
    database.rows(f"CREATE DATABASE {SCRATCH_DATABASE}")
    database.rows(f"CREATE TABLE {SCRATCH_DATABASE}.memories LIKE ocsweb.memories")
    database.rows(f"INSERT INTO {SCRATCH_DATABASE}.memories SELECT * FROM ocsweb.memories")


@pytest.fixture
def converted(look: FakeLook, database: Server) -> Callable[[], list[str]]:
    """After backup and a right conversion; the call judges what the test did since."""
    began = database.ask(comparison.DATABASE_CLOCK)
    saved(database)
    convert(database, keep_decorated=True)

    def judge() -> list[str]:
        seen = memories_after(look, began)  # type: ignore[arg-type]
        return [finding.code for finding in seen.findings]

    return judge


def first(value: str | None) -> str:
    """Chooses the first row that had this value before the upgrade."""
    condition = "CAPACITY IS NULL" if value is None else f"CAPACITY = '{value}'"
    return f"ID = (SELECT MIN(ID) FROM {SCRATCH_DATABASE}.memories WHERE {condition})"


UPDATE = "UPDATE ocsweb.memories SET CAPACITY ="
FAULTS = {
    "capacity-zeroed": f"{UPDATE} 0 WHERE {first('No')}",
    "capacity-not-null": f"{UPDATE} 1 WHERE {first('1,024')}",
    "capacity-clamped": f"{UPDATE} 2147483647 WHERE {first('2147483648')}",
    "capacity-integer-lost": f"{UPDATE} NULL WHERE {first('2147483647')}",
    "capacity-altered": f"{UPDATE} 81920 WHERE {first('8192')}",
    "capacity-filled": f"{UPDATE} 5 WHERE {first(None)}",
    "memories-rows-lost": f"DELETE FROM ocsweb.memories WHERE {first('0')}",
    "memories-rows-added": "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS) VALUES (1, 99)",
    "memories-machine-gone": "DELETE h, m FROM ocsweb.hardware h JOIN ocsweb.memories m"
    " ON m.HARDWARE_ID = h.ID WHERE h.ID = 2",
    "capacity-still-text": "ALTER TABLE ocsweb.memories MODIFY CAPACITY VARCHAR(255)",
    "capacity-column": "ALTER TABLE ocsweb.memories MODIFY CAPACITY DECIMAL(20,2)",
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_told_on_the_real_server(
    converted: Callable[[], list[str]], database: Server, code: str
) -> None:
    database.rows(FAULTS[code])
    assert converted() == [code]


@pytest.mark.parametrize("code", sorted({*FAULTS} - {"capacity-still-text", "capacity-column"}))
def test_each_fault_is_told_when_machines_are_compared_in_parts(
    converted: Callable[[], list[str]],
    database: Server,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
) -> None:
    monkeypatch.setattr(comparison, "PART_ROWS", 5)
    monkeypatch.setattr(pairs, "MOST_QUESTIONED", 0)
    database.rows(FAULTS[code])
    assert converted() == [code]


def test_parts_cover_every_machine_of_both_tables(look: FakeLook, database: Server) -> None:
    saved(database)
    database.rows("INSERT INTO ocsweb.memories (HARDWARE_ID) VALUES (-3), (2000), (2000)")
    above, ends = None, []
    while (above := database.ask(comparison.part_of_machines(above, 1))) is not None:
        ends.append(above)
    assert ends == sorted(set(ends))
    assert ends[0] == 1
    assert ends[-1] >= 99
    assert database.ask(comparison.part_of_machines(None, 10_000)) is None


ODD = [value for value, _, _ in values()]
CAPTIONS = (None, "", "a", "A", "a ", "b")


def any_table(database: Server, chance: random.Random) -> None:
    """Backup and table, with several rows a slot, converted, and then changed in any way."""
    database.rows(f"UPDATE ocsweb.hardware SET LASTDATE = {LAST_WEEK}")
    database.rows("UPDATE ocsweb.hardware SET LASTDATE = NULL WHERE ID = 1")
    database.rows("UPDATE ocsweb.hardware SET LASTDATE = NOW() WHERE ID = 3")
    rows = [
        (chance.randint(1, 30), chance.choice((None, 1, 2)), *map(chance.choice, (CAPTIONS, ODD)))
        for _ in range(120)
    ]
    with database.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPTION, CAPACITY)"
            " VALUES (%s, %s, %s, %s)",
            rows,
        )
    saved(database)
    convert(database, keep_decorated=chance.choice((True, False)))
    place = f"WHERE ID = {chance.randint(1, 90)}"
    for statement in chance.sample(
        (
            "UPDATE ocsweb.memories SET CAPACITY = 0 WHERE ID % 13 = 5",
            f"{UPDATE} 8192 {place}",
            f"{UPDATE} NULL {place}",
            f"DELETE FROM ocsweb.memories {place}",
            f"UPDATE ocsweb.memories SET HARDWARE_ID = 2 {place}",
            f"UPDATE ocsweb.memories SET HARDWARE_ID = 3 {place}",
            f"UPDATE ocsweb.memories SET NUMSLOTS = 2 {place}",
            f"UPDATE ocsweb.memories SET CAPTION = 'A' {place}",
            "UPDATE ocsweb.memories SET ID = ID + 1000 WHERE HARDWARE_ID = 4",
            "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPTION) VALUES (5, 1, 'a')",
            "DELETE FROM ocsweb.hardware WHERE ID = 2",
        ),
        chance.randint(1, 3),
    ):
        database.rows(statement)


@pytest.mark.parametrize("seed", range(25))
def test_what_pairs_leave_out_is_as_it_has_to_be(
    look: FakeLook, database: Server, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The quick way by pairs and the slow one, which compares every slot, find the same."""
    began = database.ask(comparison.DATABASE_CLOCK)
    any_table(database, random.Random(seed))
    quick = memories_after(look, began)  # type: ignore[arg-type]
    monkeypatch.setattr(memories_checks, "_questioned", lambda *_: None)
    slow = memories_after(look, began)  # type: ignore[arg-type]
    assert quick == slow


def test_without_a_key_pairs_prove_nothing(
    converted: Callable[[], list[str]], database: Server
) -> None:
    assert database.ask(pairs.IS_PAIRED)
    database.rows("ALTER TABLE ocsweb.memories MODIFY ID INT NOT NULL, DROP PRIMARY KEY")
    database.rows(f"INSERT INTO ocsweb.memories SELECT * FROM ocsweb.memories WHERE {first('0')}")
    assert not database.ask(pairs.IS_PAIRED)
    assert converted() == ["memories-rows-added"]


@pytest.mark.parametrize("limit", [3, 1000])
def test_when_everything_is_wrong_the_first_of_it_is_told(
    look: FakeLook, database: Server, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(comparison, "PART_ROWS", 5)
    monkeypatch.setattr(pairs, "MOST_QUESTIONED", 3)
    monkeypatch.setattr(memories_checks, "SUSPECTS", limit)
    began = database.ask(comparison.DATABASE_CLOCK)
    saved(database)
    convert(database, keep_decorated=True)
    database.rows("DELETE FROM ocsweb.memories")
    seen = memories_after(look, began)  # type: ignore[arg-type]
    assert {f.code for f in seen.findings} <= {"memories-rows-lost", "memories-machine-gone"}
    counted = [f.observed.split(": ")[0] for f in seen.findings]
    assert len(seen.lines) == min(limit, len(values()) + 1)
    assert all(("at least" in count) is (limit == 3) for count in counted)


def test_a_slot_with_more_rows_than_can_be_looked_at_stops_the_comparison(
    look: FakeLook, database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memories_checks, "SUSPECT_ROWS", 3)
    began = database.ask(comparison.DATABASE_CLOCK)
    saved(database)
    convert(database, keep_decorated=True)
    database.rows(
        "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS) SELECT 1, 999 FROM seq_1_to_4"
    )
    with pytest.raises(RunbookError, match="4 rows in slot 999"):
        memories_after(look, began)  # type: ignore[arg-type]
    database.rows("UPDATE ocsweb.memories SET CAPACITY = 0 WHERE " + first("No"))
    (finding,) = memories_after(look, began).findings  # type: ignore[arg-type]
    assert finding.observed.startswith("at least 1: values that were no integers became 0")


@pytest.mark.parametrize(
    "harmless",
    [
        "UPDATE ocsweb.memories SET ID = ID + 1000",
        "UPDATE ocsweb.memories m JOIN ocsweb.hardware h ON h.ID = m.HARDWARE_ID"
        " SET m.CAPACITY = 4096, h.LASTDATE = NOW() WHERE h.ID = 2",
        f"{UPDATE} NULL WHERE {first('+8192')}",
    ],
)
def test_what_agents_and_numbering_do_is_no_fault(
    converted: Callable[[], list[str]], database: Server, harmless: str
) -> None:
    database.rows(harmless)
    assert converted() == []


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        ("SELECT 1", BackupDifference(0, 0, 0)),
        ("UPDATE ocsweb.memories SET CAPACITY = 'x ' WHERE ID = 3", BackupDifference(1, 0, 0)),
        ("UPDATE ocsweb.memories SET CAPTION = 'dimm 2' WHERE ID = 3", BackupDifference(1, 0, 0)),
        ("DELETE FROM ocsweb.memories WHERE ID = 3", BackupDifference(1, 0, 0)),
        ("INSERT INTO ocsweb.memories (HARDWARE_ID) VALUES (1)", BackupDifference(1, 0, 0)),
        (
            "UPDATE ocsweb.memories m JOIN ocsweb.hardware h ON h.ID = m.HARDWARE_ID"
            " SET m.SPEED = 'new', h.LASTDATE = NOW() WHERE m.ID IN (2, 5)",
            BackupDifference(0, 2, 0),
        ),
    ],
)
def test_the_backup_is_compared_with_every_column(
    look: FakeLook, database: Server, statement: str, difference: BackupDifference
) -> None:
    began = database.ask(comparison.DATABASE_CLOCK)
    saved(database)
    same = database.ask(comparison.table_sum("ocsweb"))
    assert database.ask(comparison.table_sum(SCRATCH_DATABASE)) == same
    database.rows(statement)
    assert database.ask(comparison.backup_difference(began)) == difference
    changed = statement != "SELECT 1"
    assert (database.ask(comparison.table_sum("ocsweb")) != same) is changed


def test_agents_are_looked_up(database: Server) -> None:
    fill(database)
    convert(database, keep_decorated=True)
    now: Mapping[int, Any] = database.ask(agents.machines_now([1, 2, 3, 77]))
    assert set(now) == {1, 2, 3}
    assert isinstance(now[1].lastdate, datetime)
    # rows that tell a size stay on the server
    told = {slot.value for one in now.values() for slot in one.values}
    assert told == {None, 0, -1, -2147483648, 2147483647}


HOSTILE = (
    *(
        "plain",
        "",
        'it\'s "quoted"',
        "back\\slash \\n \\u0041",
        "two\nlines\r\n",
        "tab\tbell\x07\x01",
    ),
    *(
        "=cmd|' /C calc'!A0",
        "</script><b>",
        "Größe 机器",
        "\u2028\u2029\x7f\x85",
        "{}[],:",
        "%s %d",
    ),
    None,
)
"""Names that machines call themselves; no agent is asked for permission."""


def listed(look: FakeLook) -> list[agents.FollowedAgent]:
    drive(look.nodes, memories_backed_up, look)
    return list(follow_up_list.read(look.nodes.path(N, follow_up_list.path("A1"))))


@pytest.mark.parametrize("mode", [STRICT, "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY"])
def test_the_list_of_machines_is_made_by_the_server(
    look: FakeLook, database: Server, mode: str
) -> None:
    """One entry a machine, in order, orphans left out, slots by what their values were."""
    sizes(look)
    database.rows("SET GLOBAL sql_mode = %s", (mode,))
    database.rows("SET GLOBAL group_concat_max_len = 4")
    database.rows("UPDATE ocsweb.hardware SET LASTDATE = NULL WHERE ID = 2")
    database.mode = LENIENT
    database.rows("UPDATE ocsweb.hardware SET LASTDATE = '0000-00-00' WHERE ID = 3")
    database.mode = STRICT
    try:
        found = listed(look)
    finally:
        database.rows("SET GLOBAL sql_mode = %s", (STRICT,))
        database.rows("SET GLOBAL group_concat_max_len = 1048576")
    assert [agent.machine for agent in found] == [1, 2, 3]
    assert [agent.lastdate is None for agent in found] == [False, True, True]
    assert isinstance(found[0].lastdate, datetime)
    for agent in found:
        kinds = {
            number: kind
            for number, (_, kind, _) in enumerate(values())
            if number % 3 + 1 == agent.machine
        }
        decorated = [number for number, kind in kinds.items() if kind == "decorated integer"]
        lost = [number for number, kind in kinds.items() if kind in capacity.LOSING]
        assert (agent.decorated_slots, agent.text_slots) == (tuple(decorated), tuple(lost))


def test_no_name_of_a_machine_spoils_the_list(look: FakeLook, database: Server) -> None:
    sizes(look)
    database.rows("DELETE FROM ocsweb.memories")
    database.rows("DELETE FROM ocsweb.hardware")
    for machine, name in enumerate(HOSTILE, 1):
        database.rows(
            "INSERT INTO ocsweb.hardware VALUES (%s, %s, %s, %s, NULL, NULL, NULL)",
            (machine, name or "", name, name),
        )
        for slot in (None, 2, 2, 1):
            database.rows(
                "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPACITY)"
                " VALUES (%s, %s, 'No')",
                (machine, slot),
            )
    found = listed(look)
    assert [agent.name for agent in found] == list(HOSTILE)
    assert [agent.useragent for agent in found] == list(HOSTILE)
    assert [agent.deviceid for agent in found] == [name or "" for name in HOSTILE]
    assert {agent.text_slots for agent in found} == {(None, 1, 2)}


def test_of_an_integer_column_nobody_is_followed_up(look: FakeLook, database: Server) -> None:
    sizes(look)
    convert(database, keep_decorated=True)
    assert listed(look) == []


def test_a_machine_with_every_slot_there_is_stays_one_line(
    look: FakeLook, database: Server
) -> None:
    sizes(look)
    database.rows(
        "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPACITY)"
        " SELECT 1, CAST(seq AS SIGNED) - 32768, 'No' FROM ocsweb.seq_0_to_65535"
    )
    found = listed(look)
    assert len(found[0].text_slots) == 65536
    assert [agent.machine for agent in found] == [1, 2, 3]


def test_each_verdict_on_the_real_server(look: FakeLook, database: Server) -> None:
    """Inventories come in after the upgrade, as the communication server stores them."""
    sizes(look)
    database.rows("DELETE FROM ocsweb.memories")
    for machine in range(4, 8):
        database.rows(
            "INSERT INTO ocsweb.hardware VALUES (%s, %s, %s, 'agent 2.1',"
            f" {LAST_WEEK}, {LAST_WEEK}, NULL)",
            (machine, f"host{machine}-2024", f"host{machine}"),
        )
    for machine in range(1, 8):
        database.rows(
            "INSERT INTO ocsweb.memories (HARDWARE_ID, NUMSLOTS, CAPACITY)"
            " VALUES (%s, 1, 'No'), (%s, 2, '8192')",
            (machine, machine),
        )
    found = listed(look)
    convert(database, keep_decorated=False)
    database.mode = LENIENT
    upgraded = database.ask(comparison.DATABASE_CLOCK)
    inventory = "UPDATE ocsweb.hardware SET LASTDATE = NOW() + INTERVAL 1 HOUR, LASTCOME = LASTDATE"
    database.rows(f"{inventory}, USERAGENT = 'agent 2.10' WHERE ID IN (1, 2, 3)")
    database.rows("UPDATE ocsweb.memories SET CAPACITY = 4096 WHERE HARDWARE_ID = 1")
    database.rows("UPDATE ocsweb.memories SET CAPACITY = 'No' WHERE HARDWARE_ID = 2")
    old = "OCS-NG_unified_unix_agent_v2.1.1"
    database.rows(f"UPDATE ocsweb.hardware SET USERAGENT = '{old}' WHERE ID = 2")
    database.rows("UPDATE ocsweb.hardware SET LASTCOME = NOW() + INTERVAL 1 HOUR WHERE ID = 4")
    database.rows("DELETE FROM ocsweb.hardware WHERE ID = 5")
    database.rows("UPDATE ocsweb.hardware SET ARCHIVE = 1 WHERE ID = 6")
    seen = dict(follow_up_list.with_now(look, iter(found)))  # type: ignore[arg-type]
    told = {agent.machine: agents.verdict(agent, now, upgraded).name for agent, now in seen.items()}
    assert told == {
        1: "GOOD",
        2: "UPDATE_AGENT",
        3: "UNCHANGED",
        4: "NOT_YET",
        5: "GONE",
        6: "GONE",
        7: "NOT_YET",
    }
    fourth = next(now for agent, now in seen.items() if agent.machine == 4)
    assert fourth is not None
    assert fourth.lastcome > upgraded > fourth.lastdate  # type: ignore[operator]


def test_servers_of_other_users_are_found_by_exact_comparison(database: Server) -> None:
    users = ["glpi_ocsinventoryng", "GLPI_ocsinventoryng", "glpi_ocsinventoryng ", None, "ocs"]
    database.rows("DROP DATABASE IF EXISTS glpi")
    database.rows("CREATE DATABASE glpi CHARACTER SET utf8 COLLATE utf8_unicode_ci")
    assert database.ask(glpi_place.SCHEMAS)["glpi"] is False
    database.rows(
        f"CREATE TABLE glpi.{glpi.TABLE} (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(255),"
        " ocs_db_user VARCHAR(255), ocs_db_passwd VARCHAR(255), ocs_db_host VARCHAR(255),"
        " ocs_db_name VARCHAR(255), is_active TINYINT DEFAULT 1, conn_type TINYINT DEFAULT 0,"
        " ocs_version VARCHAR(255))"
    )
    for user in users:
        database.rows(
            f"INSERT INTO glpi.{glpi.TABLE} (ocs_db_user, ocs_db_passwd) VALUES (%s, 'x')", (user,)
        )
    assert database.ask(glpi_place.SCHEMAS)["glpi"] is True
    servers = database.ask(glpi.ocs_servers("glpi"))
    assert [server.is_standard for server in servers] == [True, False, False, False, False]
    assert len(glpi.findings_before(servers)) == 4
