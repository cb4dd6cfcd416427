"""What agents got since httpd started: the OCS server's activity log and httpd's access log (G14).

A line of the activity log is `date;pid;code;deviceid;ip;useragent;phase;comment`, the date as
Perl's `localtime` prints it. At LOGLEVEL 0, the default, it has failed logins: 505, and 521 of
phase `database_connect` (521 of another phase is something else). It does not have inventories that
could not be stored (515 `end;error`): the access log alone tells those, by their status. 503 of
phase `handler` says that the login worked and the server could not read its options: agents are not
served then. Requests of this runbook are not counted: they go on while the database is away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from engine.model.answer import Answer
from engine.model.probe import USER_AGENT
from engine.model.query import Query, SqlQuery
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.names import OCS_DATABASE, SERVER_CONF

DEFAULT_DIRECTORY = "/var/log/ocsinventory-server"
DAYS = 2
"""An access log is read no further back, however long httpd runs: it may have gigabytes a day."""
SHOWN = 5
"""Lines of a log that are shown."""

# args: systemd unit, activity log, our user agent, days, lines that are shown. Prints when the
# main process started, and since when the access log is read, both as Perl's localtime would, and
# how many seconds ago that is; the lines of the activity log; the access logs that httpd or its log
# rotator has open; how many POSTs got which status, and the last ones that failed. A log that was
# rotated away since then counts.
_LOGS = r"""
set -eu
pid=$(systemctl show --property=MainPID --value -- "$1")
[ "${pid:-0}" -gt 0 ] || exit 44
now=$(date +%s)
started=$((now - $(ps -o etimes= -p "$pid" | tr -d ' ')))
since=$((now - $4 * 86400))
[ "$since" -gt "$started" ] || since=$started
when() { LC_ALL=C date -d "@$1" "$2"; }
of() {
  [ ! -d "${1%/*}" ] || find "${1%/*}" -maxdepth 1 -type f -name "${1##*/}*" -newermt "@$2" -print0
}
opened() {
  for fd in /proc/"$1"/fd/*; do
    name=$(readlink -- "$fd") || continue
    case $name in *[Aa]ccess*) [ ! -f "$name" ] || printf '%s\n' "$name";; esac
  done
}
printf 'started %s\n' "$(when "$started" '+%a %b %e %H:%M:%S %Y')"
printf 'since %s\n' "$(when "$since" '+%a %b %e %H:%M:%S %Y')"
printf 'age %s\n' "$((now - since))"
of "$2" "$started" | xargs -0 -r zcat -f -- | awk -F ';' '
  $3 == 505 || ($3 == 521 && $7 == "database_connect") { print "login " $0; told[$2] = 1; next }
  $3 == 503 && $7 == "handler" { print "storing " $0; told[$2] = 1; next }
  # the end of a request that has told its cause already is no other failure
  $3 == 515 && $7 == "end" && $8 == "error" && !told[$2] { print "storing " $0 }
  { delete told[$2] }' | tail -n 1000
logs=$({
  opened "$pid"
  ps -o pid=,comm= --ppid "$pid" | while read -r child name; do
    case $name in rotatelogs* | cronolog*) opened "$child";; esac
  done
} | sort -u)
[ -z "$logs" ] || printf '%s\n' "$logs" | sed 's/^/log /'
printf '%s\n' "$logs" | sed 's/[-._][0-9][-._0-9]*$//' | sort -u | while read -r log; do
  [ -z "$log" ] || of "$log" "$since"
done | sort -zu | xargs -0 -r zcat -f -- | awk -v since="$(when "$since" '+%Y%m%d%H:%M:%S')" \
  -v ours="\"$3\"" -v most="$5" '
  function month(name) {
    return (index("JanFebMarAprMayJunJulAugSepOctNovDec", name) + 2) / 3
  }
  !/"POST / || !match($0, /\[[0-9][0-9]\/[A-Z][a-z][a-z]\/[0-9][0-9][0-9][0-9]:[0-9:]+ /) { next }
  {
    at = substr($0, RSTART + 1, RLENGTH - 2)
    if (sprintf("%s%02d%s%s", substr(at, 8, 4), month(substr(at, 4, 3)), substr(at, 1, 2),
                substr(at, 13)) < since || index($0, ours)) next
    if (!match($0, /"POST [^ "]+ [^"]*" [0-9][0-9][0-9]( |$)/)) next
    split(substr($0, RSTART, RLENGTH), part, " ")
    sub(/^[a-z]+:\/\/[^\/]*/, "", part[2]); sub(/[?].*/, "", part[2]); sub(/\/+$/, "", part[2])
    if (part[2] != "/ocsinventory") next
    count[part[4]]++
    if (part[4] >= 500) { refused[++last] = $0; delete refused[last - most] }
  }
  END {
    for (status in count) print "answered " status " " count[status]
    for (n = last - most + 1; n <= last; n++) if (n > 0) print "refused " refused[n]
  }'
"""


# args: file. Its lines about the log and no other: a password is in the file
_SETTINGS = r"""
[ -e "$1" ] || exit 44
grep -Ei '^[[:space:]]*PerlSetEnv[[:space:]]+OCS_OPT_(LOG|OPTIONS_NOT_OVERLOADED)' -- "$1" || :
"""


def _settings(answer: Answer) -> LogSettings:
    found = {
        item.values[0]: item.values[1]
        for item in parse_conf(answer.text).settings()
        if item.name == "perlsetenv" and len(item.values) == 2
    }
    return LogSettings(
        directory=found.get("OCS_OPT_LOGPATH", DEFAULT_DIRECTORY).rstrip("/"),
        level=found.get("OCS_OPT_LOGLEVEL", "0"),
        counts=found.get("OCS_OPT_OPTIONS_NOT_OVERLOADED", "0") == "1",
    )


@dataclass(frozen=True)
class LogSettings:
    """The OCS server's log, as its file in use has it."""

    directory: str
    level: str
    counts: bool
    """The level is this one, whatever the table `config` says."""


LOG_SETTINGS: Query[LogSettings] = Query(
    name=f"OCS_OPT_LOGPATH and OCS_OPT_LOGLEVEL of {SERVER_CONF}",
    argv=("sh", "-c", _SETTINGS.strip(), "settings", SERVER_CONF),
    parse=_settings,
    ok_codes=(0, 44),
)

LOGLEVEL: SqlQuery[str | None] = SqlQuery(
    name="LOGLEVEL of the OCS server",
    database=OCS_DATABASE,
    sql="SELECT IVALUE AS level FROM config WHERE NAME = 'LOGLEVEL'",
    parse=lambda rows: None if not rows else str(rows[0]["level"]),
)
"""None: the table does not set it."""


class Cause(StrEnum):
    """Why the activity log names a request that failed."""

    LOGIN = "login"
    STORING = "storing"


@dataclass(frozen=True)
class Activity:
    """What the two logs say since httpd's main process started."""

    started: datetime
    since: datetime
    """Since when the access log was read: `DAYS` at most."""
    age: int = 0
    """How many seconds before the look that is: another clock can count from there."""
    failed: Mapping[Cause, tuple[str, ...]] = field(default_factory=dict)
    """Lines of the activity log of agents, the newest 1000 at most."""
    our_login_failed: bool = False
    """The log has a request of this runbook that failed at the login."""
    logs: tuple[str, ...] = ()
    """The access logs; without any nobody can tell what agents got."""
    answers: Mapping[int, int] = field(default_factory=dict)
    """Status -> how many POSTs of agents to /ocsinventory."""
    refused: tuple[str, ...] = ()
    """The last lines of the access log with a status of 500 and more."""

    def of(self, cause: Cause) -> tuple[str, ...]:
        return self.failed.get(cause, ())

    @property
    def posts(self) -> int:
        return sum(self.answers.values())

    @property
    def failures(self) -> int:
        """POSTs at which the server failed, without those that it turned away unread."""
        failed = sum(count for status, count in self.answers.items() if status >= 500)
        turned_away = sum(line.split(";")[2:3] == ["505"] for line in self.of(Cause.LOGIN))
        return max(0, failed - turned_away)

    def sentence(self) -> str:
        """How agents were answered, in words."""
        if not self.logs:
            return "httpd has no access log open: what agents get is not known"
        told = ", ".join(f"{count} with {status}" for status, count in sorted(self.answers.items()))
        return (
            f"{self.posts} POSTs of agents answered since {self.since}"
            f"{f' ({told})' if told else ''}, by {', '.join(self.logs)}"
        )


def _when(text: str) -> datetime:
    return datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y")


def _activity(answer: Answer) -> Activity | None:
    if answer.code == 44:
        return None
    told: dict[str, list[str]] = {}
    for line in answer.text.splitlines():
        kind, _, rest = line.partition(" ")
        told.setdefault(kind, []).append(rest)
    (started,), (since,) = (map(_when, told.get(kind, [""])) for kind in ("started", "since"))
    (age,) = map(int, told.get("age", [""]))
    counted = (line.split() for line in told.get("answered", []))
    lines = {
        cause: [line for line in told.get(cause, []) if not _is_older(line, started)]
        for cause in Cause
    }
    return Activity(
        started,
        since,
        age,
        failed={
            cause: tuple(line for line in found if not _is_ours(line))
            for cause, found in lines.items()
        },
        our_login_failed=any(map(_is_ours, lines[Cause.LOGIN])),
        logs=tuple(told.get("log", [])),
        answers={int(status): int(count) for status, count in counted},
        refused=tuple(told.get("refused", [])),
    )


def _is_ours(line: str) -> bool:
    return line.split(";")[5:6] == [USER_AGENT]


def _is_older(line: str, started: datetime) -> bool:
    try:
        return _when(line.partition(";")[0]) < started
    except ValueError:
        # whenever it was written: it may be new
        return False


def activity(unit: str, directory: str) -> Query[Activity | None]:
    """What both logs say since the unit's main process started; None: it has none."""
    return Query(
        name=f"{directory}/activity.log and the access log since {unit} started",
        argv=(
            *("sh", "-c", _LOGS.strip(), "activity", unit, f"{directory}/activity.log"),
            *(USER_AGENT, str(DAYS), str(SHOWN)),
        ),
        parse=_activity,
        ok_codes=(0, 44),
        deadline=300.0,
    )
