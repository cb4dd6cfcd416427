"""The OCS server's activity log: failed database logins since httpd started (guide row G14).

505 "Database connection" and 521 are written at every level (ocs-glpi 1.6); a line is
`date;pid;code;deviceid;ip;useragent;phase;comment`, the date as Perl's `localtime` prints it.
This runbook's own requests are no agents: a service is asked also while its database is away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.model.finding import Finding
from engine.model.probe import USER_AGENT
from engine.queries import AnswerLike, Query
from runbook.ocs import files
from runbook.ocs.httpd.httpd_conf import parse_conf
from runbook.ocs.names import SERVER_CONF

DEFAULT_DIRECTORY = "/var/log/ocsinventory-server"
CODES = ("505", "521")
_SHOWN = 5

# args: systemd unit, log, user agent that does not count. Prints when the main process started, as
# the log would, then its lines
_LINES = """
set -eu
pid=$(systemctl show --property=MainPID --value -- "$1")
[ "${pid:-0}" -gt 0 ] || exit 44
started=$(($(date +%s) - $(ps -o etimes= -p "$pid" | tr -d ' ')))
LC_ALL=C date -d "@$started" '+%a %b %e %H:%M:%S %Y'
[ ! -e "$2" ] || awk -F ';' -v ours="$3" '$3 ~ /^(505|521)$/ && $6 != ours' < "$2" | tail -n 1000
"""


def _directory(answer: AnswerLike) -> str:
    text = files.secret_text(SERVER_CONF).parse(answer)
    found = [
        item.values[1]
        for item in parse_conf(text.reveal() if text else "").settings()
        if item.sets("PerlSetEnv", "OCS_OPT_LOGPATH") and len(item.values) == 2
    ]
    return found[-1].rstrip("/") if found else DEFAULT_DIRECTORY


LOG_DIRECTORY: Query[str] = Query(
    name=f"OCS_OPT_LOGPATH of {SERVER_CONF}",
    argv=files.secret_text(SERVER_CONF).argv,
    parse=_directory,
    ok_codes=(0, 44),
    secret=True,
)


@dataclass(frozen=True)
class Activity:
    """Failed logins in the log that are not older than httpd's main process."""

    started: datetime
    failed: tuple[str, ...]


def _when(text: str) -> datetime:
    return datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y")


def _activity(answer: AnswerLike) -> Activity | None:
    if answer.code == 44:
        return None
    first, *lines = answer.text.splitlines() or [""]
    started = _when(first)
    return Activity(started, tuple(line for line in lines if not _is_older(line, started)))


def _is_older(line: str, started: datetime) -> bool:
    try:
        return _when(line.partition(";")[0]) < started
    except ValueError:
        # whenever it was written: it may be new
        return False


def failed_logins(unit: str, directory: str) -> Query[Activity | None]:
    """505 and 521 since the unit's main process started; None: it has none."""
    return Query(
        name=f"database errors in {directory}/activity.log since {unit} started",
        argv=(
            *("sh", "-c", _LINES.strip(), "activity", unit, f"{directory}/activity.log"),
            USER_AGENT,
        ),
        parse=_activity,
        ok_codes=(0, 44),
    )


def activity_findings(seen: Activity | None, directory: str, node: str) -> list[Finding]:
    """No agent was turned away since httpd runs with the migrated settings."""
    if seen is None or not seen.failed:
        return []
    shown = " | ".join(seen.failed[-_SHOWN:])
    return [
        Finding(
            code="ocs-activity-errors",
            subject=f"{node}:{directory}/activity.log",
            observed=f"{len(seen.failed)} lines with {' or '.join(CODES)} since httpd started at"
            f" {seen.started}; the last: {shown}",
            expected="none: each is an agent turned away, because the database login failed",
            remedy="When the database was away for that moment, restart httpd by"
            " `pcs resource restart httpd` and run again: lines before its start do not count."
            " Otherwise find out why the login fails now and then.",
            guide=("G14",),
        )
    ]
