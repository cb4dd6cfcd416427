"""Are agents served? The judgement on what the two logs say (guide row G14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model.finding import Finding
from runbook.to_4_26.httpd.activity import SHOWN, Activity, Cause, LogSettings
from runbook.to_4_26.httpd.inventories import refused
from runbook.to_4_26.httpd.restart import restarted


def level_sentence(settings: LogSettings, in_table: str | None) -> str:
    """What the log's level lets it tell: the table wins, unless the file forbids it."""
    level = settings.level if settings.counts or in_table is None else in_table
    if level != "0":
        return f"LOGLEVEL is {level}"
    return "LOGLEVEL is 0: of agents that can't store the activity log says nothing"


def as_fact(seen: Activity | None) -> dict[str, Any] | None:
    """For the baseline: what was so before the upgrade. None: nobody can tell."""
    if seen is None or not seen.logs:
        return None
    return {
        "since": seen.since.isoformat(sep=" "),
        "posts": seen.posts,
        "failures": seen.failures,
        "refused": refused(seen.answers),
    }


def _before(fact: Mapping[str, Any] | None) -> tuple[int, int, str]:
    """POSTs before the upgrade, how many of them failed, and both in words."""
    if fact is None:
        return 0, 0, "how many before the upgrade is not on record"
    posts, failures = int(fact["posts"]), int(fact["failures"])
    return posts, failures, f"before the upgrade {failures} of {posts} (since {fact['since']})"


def login_findings(seen: Activity | None, directory: str, node: str) -> list[Finding]:
    """No agent was turned away since httpd runs, because the database login failed."""
    if seen is None:
        return []
    login = seen.of(Cause.LOGIN)
    if not login:
        return []
    return [
        Finding(
            code="ocs-activity-errors",
            subject=f"{node}:{directory}/activity.log",
            observed=f"{len(login)} lines with 505, or 521 of database_connect, since httpd started"
            f" at {seen.started}; the last: {_shown(login)}",
            expected="none: each is an agent turned away, because the database login failed",
            remedy="Find out why the login failed: perhaps the database was away for that moment."
            " Then restart httpd and run again: lines before its start do not count.",
            guide=("G14",),
            commands=(restarted(node),),
        )
    ]


def agents_findings(
    seen: Activity | None, before: Mapping[str, Any] | None, node: str
) -> list[Finding]:
    """Agents that log in can also store: the most frequent trouble after an OCS upgrade.

    `before` is the baseline's fact. Where agents failed at the same rate already, the upgrade has
    not broken it: that is told without blocking.
    """
    posts, failures, told = _before(before)
    as_before = seen is not None and failures > 0 and seen.failures * posts <= failures * seen.posts
    code = "ocs-agents-failing-before" if as_before else "ocs-agents-failing"
    return _failing(code, seen, node, told)


def before_findings(seen: Activity | None, node: str) -> list[Finding]:
    """Before the upgrade: shown, so that nobody blames it afterwards."""
    return _failing("ocs-agents-failing-before", seen, node, "the upgrade has not begun")


def _failing(code: str, seen: Activity | None, node: str, before: str) -> list[Finding]:
    if seen is None:
        return []
    if not seen.logs:
        return [_without_a_log(node)]
    storing = seen.of(Cause.STORING)
    if not seen.failures and not storing:
        return []
    last = _shown(seen.refused or storing)
    logged = f"; {len(storing)} lines with 515 or 503 in the activity log" if storing else ""
    return [
        Finding(
            code=code,
            subject=f"{node}: POST /ocsinventory",
            observed=f"{seen.failures} of {seen.posts} POSTs of agents were answered with 500 or"
            f" more since {seen.since}{logged}; {before}; the last: {last}",
            expected="none: such an agent logs in, and its inventory is not stored",
            remedy="Look at httpd's error log on the node at that time: a Perl module that is"
            " missing, a column or table that the new server wants. Send an inventory from one"
            " machine to see it again; for more words set LOGLEVEL to 1 in the OCS console. Then"
            " restart httpd and run again: what is older than its start does not count.",
            guide=("G14",),
            commands=(restarted(node),),
        )
    ]


def _without_a_log(node: str) -> Finding:
    return Finding(
        code="ocs-agents-unseen",
        subject=f"{node}: httpd",
        observed="httpd's main process and its log rotator have no file open whose name says access"
        " log: how agents are answered can't be counted",
        expected="an access log (CustomLog) of the host that agents send to",
        remedy="After the upgrade see in the OCS console that machines report: their last inventory"
        " must be newer than the upgrade.",
        guide=("G14",),
    )


def _shown(lines: tuple[str, ...]) -> str:
    return " | ".join(lines[-SHOWN:])
