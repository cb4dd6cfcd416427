"""Questions about one machine: packages, files, memory, clock, processes."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable

from engine.model.answer import Answer
from engine.model.executed import command_of
from engine.model.host import FileSystem, Kernels, Memory, Package, Process
from engine.model.query import Query, of_text
from engine.parse.machine import (
    parse_df,
    parse_epoch,
    parse_loadavg,
    parse_meminfo,
    parse_processes,
    parse_processors,
)
from engine.parse.rpm import (
    RPM_QUERY_FORMAT,
    parse_config_leftovers,
    parse_rpm_qa,
    require_all_read,
)


def _installed(answer: Answer) -> tuple[Package, ...]:
    require_all_read(answer.errors)
    return parse_rpm_qa(answer.text)


PACKAGES: Query[tuple[Package, ...]] = Query(
    name="installed packages",
    argv=("rpm", "-qa", "--qf", RPM_QUERY_FORMAT),
    parse=_installed,
    deadline=120.0,
)

_FIND = """
for directory; do
  shift
  [ ! -d "$directory" ] || set -- "$@" "$directory"
done
exec find "$@" -ignore_readdir_race \
  '(' -name '*.rpmnew' -o -name '*.rpmsave' -o -name '*.rpmorig' ')' -print0
"""

# `find`, never `updatedb`: a question changes nothing. Mounts below /neteye are crossed. Of any
# a link is left as a link, and what is saved as .rpmorig may be a directory (rpm 4.18).
LEFTOVERS: Query[tuple[str, ...]] = Query(
    name="configuration conflicts (.rpmnew, .rpmsave, .rpmorig)",
    argv=("sh", "-c", _FIND.strip(), "find", "/etc", "/neteye"),
    parse=of_text(parse_config_leftovers),
    deadline=300.0,
)

FILE_SYSTEMS: Query[tuple[FileSystem, ...]] = Query(
    name="file systems", argv=("df", "-P", "-B1"), parse=of_text(parse_df)
)

MEMORY: Query[Memory] = Query(
    name="memory", argv=("cat", "/proc/meminfo"), parse=of_text(parse_meminfo)
)

LOAD: Query[float] = Query(name="load", argv=("cat", "/proc/loadavg"), parse=of_text(parse_loadavg))

PROCESSORS: Query[int] = Query(name="processors", argv=("nproc",), parse=of_text(parse_processors))

MACHINE: Query[str] = Query(
    name="which machine it is",
    # containers of one machine share this id, and the machine's memory counts once
    argv=("cat", "/proc/sys/kernel/random/boot_id"),
    parse=of_text(str.strip),
)


_SUBCOMMAND = re.compile(r"[a-z][a-z-]*", re.ASCII)
_PROGRAM = re.compile(r"(?:/[\w.-]+)*/?[\w.-]+:?", re.ASCII)


def _without_arguments(processes: Iterable[Process], looked_for: Collection[str]) -> str:
    """Process ids and programs: other people's arguments may hold their passwords."""
    return "\n".join(
        f"{process.pid} {command_of(process.command, looked_for) or _program(process.command)}"
        for process in processes
    )


def _program(command: str) -> str:
    """`mysql -pgeheim` is `mysql`, `/bin/bash /usr/sbin/neteye update` stays as it is.

    Words end where one is neither a path nor, once, a subcommand.
    """
    kept: list[str] = []
    for word in command.split():
        if kept and _SUBCOMMAND.fullmatch(word):
            return " ".join([*kept, word])
        if not _PROGRAM.fullmatch(word) or (kept and not word.startswith("/")):
            break
        kept.append(word)
    return " ".join(kept) or "(a name of its own)"


def processes(looked_for: Collection[str]) -> Query[tuple[Process, ...]]:
    """Who runs what. Of the commands that are looked for, what makes them so is recorded."""
    return Query(
        name="running commands",
        argv=("ps", "-eo", "pid=,args=", "-ww"),
        parse=of_text(parse_processes),
        recorded=lambda found: _without_arguments(found, looked_for),
    )


def _reading(answer: Answer) -> tuple[float, float, float]:
    # a recorded answer has the time at which it came
    received = float(getattr(answer, "received", None) or time.time())
    return received - float(getattr(answer, "seconds", 0.0)), parse_epoch(answer.text), received


CLOCK: Query[tuple[float, float, float]] = Query(
    name="clock",
    argv=("date", "+%s.%N"),
    parse=_reading,
)
"""(sent, the node's clock, received) in seconds since 1970; sent and received by our clock."""


def optional_file_text(path: str) -> Query[str | None]:
    """The content of a small text file that is no secret; None: it is not there, an answer too."""
    return Query(
        name=path,
        argv=("sh", "-c", '[ -e "$1" ] || exit 44; exec cat "$1"', "cat", path),
        parse=lambda answer: None if answer.code == 44 else answer.text,
        ok_codes=(0, 44),
    )


# args: where modules lie, what is there while the DRBD module is loaded. `weak-updates` holds links
# to the module of another kernel (kmod-drbd): one that leads nowhere does not count
_KERNELS = r"""
set -u
uname -r
if [ -e "$2" ]; then echo loaded; else echo -; fi
# no grubby: no default is known
default=$(grubby --default-kernel 2> /dev/null | sed -n '1s/^.*vmlinuz-//p')
if [ -n "$default" ]; then echo "default $default"; fi
# the default may be of another package (kernel-rt-core), or of none; a rescue image has no modules
{
  rpm -q kernel-core --qf '%{INSTALLTIME} %{VERSION}-%{RELEASE}.%{ARCH}\n' | grep '^[0-9]'
  if [ -n "$default" ] && [ -d "$1/$default" ]; then echo "0 $default"; fi
} | while read -r time version; do
    module=$(find "$1/$version/" -name 'drbd.ko*' -exec test -e {} ';' -print -quit 2> /dev/null)
    if [ -n "$module" ] || grep -qs '/drbd\.ko' "$1/$version/modules.builtin"; then
      printf '%s %s drbd\n' "$time" "$version"
    else
      printf '%s %s -\n' "$time" "$version"
    fi
  done
"""


def _kernels(answer: Answer) -> Kernels:
    require_all_read(answer.errors)
    running, loaded, *told = answer.text.splitlines()
    defaults = [line.split()[1:2] for line in told if line.startswith("default ")]
    installed = [line for line in told if not line.startswith("default ")]
    # the boot loader's default is taken; where none is told, what was installed last became it
    chosen = [line for line in installed if line.split()[1:2] in defaults]
    newest = max(chosen or installed, default="").split()
    if newest and len(newest) != 3:
        raise ValueError(f"{' '.join(newest)[:80]!r}, expected a time, a version and a mark")
    return Kernels(
        running.strip(),
        newest[1] if newest else None,
        uses_drbd=loaded == "loaded",
        newest_has_drbd=bool(newest) and newest[2] == "drbd",
    )


KERNELS: Query[Kernels] = Query(
    name="kernels",
    argv=("sh", "-c", _KERNELS.strip(), "kernels", "/lib/modules", "/sys/module/drbd"),
    parse=_kernels,
)
