"""Simple facts of one machine, from df, /proc, ps and date."""

from __future__ import annotations

import re

from engine.errors import ParseError
from engine.model.cluster import DaemonState
from engine.model.host import FileSystem, Memory, Process, Version
from engine.parse.fields import excerpt, integer

DF = "df -P -B1"
MEMINFO = "/proc/meminfo"
LOADAVG = "/proc/loadavg"
PS = "ps -eo pid=,args="
DATE = "date +%s.%N"
NPROC = "nproc"

_DF_HEADER = re.compile(r"Filesystem\s+1(?:B|-blocks)\s+Used\s+Available\s+\S+\s+Mounted on\s*")
_DF_ROW = re.compile(
    r"(?P<device>\S.*?)\s+(?P<size>-|[0-9]+)\s+(?P<used>-|[0-9]+)\s+(?P<available>-|-?[0-9]+)"
    r"\s+(?:-|[0-9]+%)\s+(?P<mount>/.*)",
    re.ASCII,
)
_MEMINFO = re.compile(r"(?P<key>\S+):\s+(?P<kib>[0-9]{1,15}) kB\s*", re.ASCII)
_LOADAVG = re.compile(r"(?P<one>[0-9]{1,9}\.[0-9]{1,9})(?:\s+\S+){4}\s*", re.ASCII)
_PROCESS = re.compile(r"\s*(?P<pid>[0-9]{1,18})(?:\s(?P<command>.*))?", re.ASCII)
_EPOCH = re.compile(r"\s*[0-9]{1,12}\.[0-9]{1,12}\s*", re.ASCII)


def parse_df(text: str) -> tuple[FileSystem, ...]:
    """File systems in df's order, sizes in bytes.

    `df` with paths prints the file system each of them lies on, so a mount point can be
    there more than once. One without sizes (`-`) is left out.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not _DF_HEADER.fullmatch(lines[0]):
        first = excerpt(lines[0]) if lines else "empty"
        raise ParseError(DF, "header", f"is {first}, expected the columns of df -P -B1")
    rows = [_df_row(line) for line in lines[1:]]
    if not rows:
        raise ParseError(DF, "rows", "are missing, expected at least one file system")
    return tuple(row for row in rows if row is not None)


def _df_row(line: str) -> FileSystem | None:
    match = _DF_ROW.fullmatch(line)
    if not match:
        raise ParseError(DF, "row", f"is {excerpt(line)}, expected six columns")
    if "-" in (match["size"], match["available"]):
        return None
    return FileSystem(
        mount=match["mount"],
        size=integer(match["size"], DF, "1-blocks"),
        available=integer(match["available"], DF, "Available"),
    )


def parse_meminfo(text: str) -> Memory:
    """Total and available memory in bytes; available is what can be used without swapping."""
    matches = (_MEMINFO.fullmatch(line) for line in text.splitlines())
    values = {match["key"]: int(match["kib"]) * 1024 for match in matches if match}
    for key in ("MemTotal", "MemAvailable"):
        if key not in values:
            raise ParseError(MEMINFO, key, "is missing, expected a number of kB")
    return Memory(total=values["MemTotal"], available=values["MemAvailable"])


def parse_loadavg(text: str) -> float:
    """The load of the last minute."""
    match = _LOADAVG.fullmatch(text)
    if not match:
        raise ParseError(LOADAVG, "line 1", f"is {excerpt(text)}, expected five columns")
    return float(match["one"])


def parse_processors(text: str) -> int:
    """The number of processors, from `nproc`."""
    count = integer(text, NPROC, "value")
    if count < 1:
        raise ParseError(NPROC, "value", f"is {count}, expected at least 1")
    return count


def parse_processes(text: str) -> tuple[Process, ...]:
    """All processes, in ps's order."""
    processes = tuple(_process(line) for line in text.split("\n") if line.strip())
    if not processes:
        raise ParseError(PS, "rows", "are missing, expected at least ps itself")
    return processes


def _process(line: str) -> Process:
    match = _PROCESS.fullmatch(line)
    if not match:
        raise ParseError(PS, "row", f"is {excerpt(line)}, expected a process id and a command")
    return Process(pid=int(match["pid"]), command=(match["command"] or "").strip())


def parse_epoch(text: str) -> float:
    """Seconds since 1970, from `date +%s.%N`."""
    if not _EPOCH.fullmatch(text):
        raise ParseError(DATE, "value", f"is {excerpt(text)}, expected seconds.nanoseconds")
    return float(text)


RELEASE_FILE = "/etc/neteye-release"

_RELEASE = re.compile(r"NetEye release ([0-9]{1,9}\.[0-9]{1,9})(?![0-9])", re.ASCII)


def parse_neteye_release(text: str) -> Version:
    """The installed version: first line `NetEye release 4.21`; what follows is not looked at."""
    first = text.partition("\n")[0]
    match = _RELEASE.match(first)
    if not match:
        problem = f"is {excerpt(first)}, expected 'NetEye release' and a version"
        raise ParseError(RELEASE_FILE, "line 1", problem)
    return Version.parse(match[1])


_SYSTEMCTL = "systemctl show"
PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState")
_SUFFIX = ".service"


def parse_daemon_states(text: str) -> tuple[DaemonState, ...]:
    """The daemons that are installed on the node that was asked, in the order of the question."""
    blocks = [_block(block) for block in text.strip().split("\n\n")]
    return tuple(
        DaemonState(
            name=block["Id"].removesuffix(_SUFFIX),
            active=block["ActiveState"],
            enabled=block["UnitFileState"],
        )
        for block in blocks
        if block["LoadState"] != "not-found"
    )


def _block(text: str) -> dict[str, str]:
    lines = [line.partition("=") for line in text.splitlines()]
    found = {key: value.strip() for key, equals, value in lines if equals}
    if missing := [name for name in PROPERTIES if name not in found]:
        raise ParseError(_SYSTEMCTL, missing[0], f"is missing in {excerpt(text)}")
    return found
