"""df, /proc, ps, date and nproc."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.host import FileSystem, Memory, Process
from engine.parse.machine import (
    parse_df,
    parse_epoch,
    parse_loadavg,
    parse_meminfo,
    parse_processes,
    parse_processors,
)

from .data import outcome, without

DF = """\
Filesystem                        1-blocks         Used   Available Capacity Mounted on
/dev/mapper/vg00-lv_root       53660876800  12884901888 40775974912      25% /
/dev/sda1                       1063256064    293601280   769654784      28% /boot
//fileserver/back up           1099511627776 549755813888 549755813888   50% /mnt/back up
tmpfs                                    0            0           0        - /sys/fs/x
autofs                                   -            -           -        - /misc
/dev/drbd1                      1073741824   1073741824           0     100% /neteye/shared/mysql
"""


def test_df() -> None:
    assert parse_df(DF) == (
        FileSystem("/", 53660876800, 40775974912),
        FileSystem("/boot", 1063256064, 769654784),
        FileSystem("/mnt/back up", 1099511627776, 549755813888),
        FileSystem("/sys/fs/x", 0, 0),
        FileSystem("/neteye/shared/mysql", 1073741824, 0),
    )


def test_df_of_paths_on_one_file_system() -> None:
    row = "/dev/sda2  100  40  60  40% /\n"
    assert parse_df(DF.splitlines(keepends=True)[0] + row * 2) == (FileSystem("/", 100, 60),) * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "df -P -B1: header: is empty, expected the columns of df -P -B1"),
        (without(DF, "1-"), "header: is 'Filesystem"),
        (DF.replace("1-blocks", "1024-blocks"), "header: is 'Filesystem"),
        (DF.splitlines()[0], "rows: are missing, expected at least one file system"),
        (DF + "df: /x: Stale file handle\n", "row: is 'df: /x: Stale file handle', expected six"),
    ],
)
def test_df_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_df(text)
    assert message in str(caught.value)


MEMINFO = """\
MemTotal:       24690140 kB
MemFree:         1017560 kB
MemAvailable:   20112004 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
"""


def test_meminfo_is_in_bytes() -> None:
    assert parse_meminfo(MEMINFO) == Memory(total=24690140 * 1024, available=20112004 * 1024)


@pytest.mark.parametrize("key", ["MemTotal", "MemAvailable"])
def test_meminfo_errors(key: str) -> None:
    with pytest.raises(
        ParseError, match=f"/proc/meminfo: {key}: is missing, expected a number of kB"
    ):
        parse_meminfo(without(MEMINFO, f"{key}:"))


def test_loadavg() -> None:
    assert parse_loadavg("12.05 0.18 0.12 1/80 11206\n") == 12.05


@pytest.mark.parametrize("text", ["", "0.20", "high 0.18 0.12 1/80 11206", "nan 0.1 0.1 1/80 1"])
def test_loadavg_errors(text: str) -> None:
    with pytest.raises(ParseError, match=r"/proc/loadavg: line 1: is .*, expected five columns"):
        parse_loadavg(text)


def test_processes() -> None:
    text = "      1 /sbin/init\n  4711 bash -lc 'neteye  upgrade'\n     12\n 123456 \n"
    assert parse_processes(text) == (
        Process(1, "/sbin/init"),
        Process(4711, "bash -lc 'neteye  upgrade'"),
        Process(12, ""),
        Process(123456, ""),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows: are missing, expected at least ps itself"),
        ("    PID COMMAND\n", "row: is '    PID COMMAND', expected a process id and a command"),
        ("error: unknown option\n", "row: is 'error: unknown option'"),
    ],
)
def test_processes_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_processes(text)
    assert message in str(caught.value)


def test_epoch() -> None:
    assert parse_epoch("1669580000.250000000\n") == 1669580000.25


@pytest.mark.parametrize("text", ["", "1669580000", "now", "1669580000.%N", "-1.0", "1e5.0"])
def test_epoch_errors(text: str) -> None:
    with pytest.raises(
        ParseError, match=r"date \+%s.%N: value: is .*, expected seconds.nanoseconds"
    ):
        parse_epoch(text)


def test_processors() -> None:
    assert parse_processors("16\n") == 16


@pytest.mark.parametrize("text", ["", "0", "two", "2 4"])
def test_processors_errors(text: str) -> None:
    with pytest.raises(ParseError, match=r"nproc: value: is .*, expected "):
        parse_processors(text)


@given(st.text() | st.sampled_from([DF, MEMINFO]).flatmap(lambda head: st.text().map(head.__add__)))
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    parsers = (parse_df, parse_meminfo, parse_loadavg, parse_processes, parse_epoch)
    for parser in (*parsers, parse_processors):
        assert outcome(parser, text) is not None


@given(st.floats(0, 4e9))
def test_epoch_keeps_microseconds(seconds: float) -> None:
    assert parse_epoch(f"{seconds:.9f}") == pytest.approx(seconds, abs=1e-6)
