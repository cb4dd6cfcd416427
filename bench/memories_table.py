"""A table `ocsweb.memories` of any size, with the mix of values that inventories bring.

Made in steps by INSERT ... SELECT from the server's sequences: each is one transaction, and a
table that was begun is gone on with. The values of a row follow from its number alone, so that two
tables of the same size are equal.
"""

from __future__ import annotations

from bench.mariadb import Say, Server

STEP = 500_000
SLOTS = 4
"""Rows of a machine."""
SCHEMA = (
    "CREATE DATABASE IF NOT EXISTS ocsweb CHARACTER SET utf8",
    """CREATE TABLE IF NOT EXISTS ocsweb.hardware (ID INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
 DEVICEID VARCHAR(255) NOT NULL, NAME VARCHAR(255), WORKGROUP VARCHAR(255), OSNAME VARCHAR(255),
 IPADDR VARCHAR(255), MEMORY INT, LASTDATE DATETIME, LASTCOME DATETIME, USERAGENT VARCHAR(50),
 CHECKSUM BIGINT UNSIGNED DEFAULT 262143, ARCHIVE INT, KEY NAME (NAME), KEY DEVICEID (DEVICEID))
 ENGINE=InnoDB""",
    """CREATE TABLE IF NOT EXISTS ocsweb.memories (ID INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
 HARDWARE_ID INT NOT NULL, CAPTION VARCHAR(255), DESCRIPTION VARCHAR(255), CAPACITY VARCHAR(255),
 PURPOSE VARCHAR(255), TYPE VARCHAR(255), SPEED VARCHAR(255), NUMSLOTS SMALLINT,
 SERIALNUMBER VARCHAR(255), KEY HARDWARE_ID (HARDWARE_ID)) ENGINE=InnoDB""",
)
# in percent: 72 integers, 14 blank (empty slots), 1 NULL, and 13 that the upgrade turns into NULL
# or may change. Machines of an old Unix agent send most of those (ocs-glpi 1.5).
_CAPACITY = """ELT(1 + CRC32(seq) % 100,
 'No', 'No', 'No', 'No', 'No', 'No', 'No', 'Unknown', '< 1', 'empty',
 '8192 MB', ' 8192', '99999999999',
 '', '', '', '', '', '', '', '', '', '', '', '', '', '', NULL,
 '1024', '1024', '2048', '2048', '2048', '2048', '0', '0', '0', '0', '512', '512',
 '16384', '16384', '16384', '16384', '16384', '16384', '16384', '16384', '16384', '16384',
 '32768', '32768', '32768', '32768', '32768', '32768', '32768', '32768', '65536', '65536',
 '4096', '4096', '4096', '4096', '4096', '4096', '4096', '4096', '4096', '4096',
 '4096', '4096', '4096', '4096', '4096', '4096', '4096', '4096', '4096', '4096',
 '8192', '8192', '8192', '8192', '8192', '8192', '8192', '8192', '8192', '8192',
 '8192', '8192', '8192', '8192', '8192', '8192', '8192', '8192', '8192', '8192')"""
_AGENT = """ELT(1 + CRC32(seq * 7) % 8, 'OCS-NG_unified_unix_agent_v2.1',
 'OCS-NG_unified_unix_agent_v2.1.1', 'OCS-NG_unified_unix_agent_v2.4.2',
 'OCS-NG_unified_unix_agent_v2.9.0', 'OCS-NG_WINDOWS_AGENT_v2.8.0.0',
 'OCS-NG_WINDOWS_AGENT_v2.9.0.0', 'OCS-NG_WINDOWS_AGENT_v2.9.2.0', NULL)"""


def make(server: Server, rows: int, say: Say) -> None:
    """`rows` rows of memories and a machine for each four; what is there is kept."""
    for statement in SCHEMA:
        server.rows(statement)
    machines = rows // SLOTS
    _fill(server, "hardware", machines, _MACHINE, say)
    _fill(server, "memories", rows, _MEMORY, say)
    server.rows("ANALYZE TABLE ocsweb.hardware, ocsweb.memories")


def _fill(server: Server, table: str, rows: int, select: str, say: Say) -> None:
    there = server.rows(f"SELECT COALESCE(MAX(ID), 0) AS last FROM ocsweb.{table}")[0]["last"]
    if there > rows:
        raise SystemExit(
            f"ocsweb.{table} has {there} rows, {rows} are wanted: choose another directory"
        )
    for first in range(there + 1, rows + 1, STEP):
        last = min(first + STEP - 1, rows)
        server.rows(
            f"INSERT INTO ocsweb.{table} {select.format(sequence=f'seq_{first}_to_{last}')}"
        )
        say(f"{table}: {last} of {rows} rows")


_MACHINE = (
    "(ID, DEVICEID, NAME, WORKGROUP, OSNAME, IPADDR, MEMORY, LASTDATE, LASTCOME, USERAGENT)"
    " SELECT seq, CONCAT('client', seq, '-2023-05-11-09-', LPAD(seq % 60, 2, '0'), '-17'),"
    " CONCAT('client', seq), 'EXAMPLE', 'Debian GNU/Linux 11', CONCAT('10.', seq % 250, '.1.7'),"
    " 16384, NOW() - INTERVAL (10 + seq % 50) DAY, NOW() - INTERVAL (10 + seq % 5) DAY,"
    f" {_AGENT} FROM ocsweb.{{sequence}}"
)
# one in 10000 rows is an orphan: its machine is gone
_MEMORY = (
    "(ID, HARDWARE_ID, CAPTION, DESCRIPTION, CAPACITY, PURPOSE, TYPE, SPEED, NUMSLOTS,"
    " SERIALNUMBER)"
    " SELECT seq, IF(seq % 10000 = 0, 1000000000 + seq, 1 + (seq - 1) DIV 4),"
    " CONCAT('DIMM ', seq % 4), 'System Memory, DIMM',"
    f" {_CAPACITY},"
    " 'System Memory', 'DDR4', '2666', 1 + (seq - 1) % 4, HEX(CRC32(seq * 3))"
    " FROM ocsweb.{sequence}"
)
