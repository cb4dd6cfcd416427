"""Are inventories stored? The database's own word on what agents have sent (guide row G14).

The access log has an answer to each POST, and does not tell an inventory from the question whether
one is due (PROLOG): both are answered with 200. The table `hardware` does. A machine's LASTDATE is
written with an inventory, and LASTCOME with each contact (ocs-glpi 1.6). An agent may send a
LASTDATE of its own clock, LASTCOME is the server's: both have to be new. A machine that the server
does not know yet leaves nothing by its question.

An agent whose name or version the server does not take is answered with 400 at its question
(ocs-glpi 1.6): no GET and no status of 500 tells that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from engine.model.finding import Finding
from engine.model.query import Row, SqlQuery
from runbook.to_4_26.httpd.activity import Activity
from runbook.to_4_26.httpd.restart import restarted
from runbook.to_4_26.names import OCS_DATABASE

REFUSED = range(300, 500)
"""Statuses by which the server, or what stands in front of it, turns an agent away: a redirect
too, what was posted has gone nowhere by then."""


@dataclass(frozen=True)
class Stored:
    """What the database has of machines since a moment of its own clock."""

    since: datetime
    contacts: int
    """Machines whose agents have come, for whatever reason."""
    machines: int
    """Those of them of which an inventory was stored."""
    last: datetime | None
    """When the last one was."""
    modules: int
    """Rows of `memories` of those machines."""

    def sentence(self) -> str:
        """What was stored, or that nobody has reported yet."""
        if self.machines:
            return (
                f"inventories of {_many(self.machines, 'machine')} stored since {self.since}, by"
                f" the database's clock, the last at {self.last}, with"
                f" {_many(self.modules, 'row')} of memories"
            )
        if self.contacts:
            return (
                f"none reported yet since {self.since}, by the database's clock, and"
                f" {_many(self.contacts, 'machine')} asked: no inventory was due, or it is on its"
                " way"
            )
        return f"none reported yet since {self.since}, by the database's clock"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_NEW = "h.LASTCOME >= s.since AND h.LASTDATE >= s.since"
# groups of machines are rows of the same table
_STORED = f"""SELECT s.since AS since,
 COALESCE(SUM(h.LASTCOME >= s.since), 0) AS contacts,
 COALESCE(SUM({_NEW}), 0) AS machines,
 MAX(CASE WHEN {_NEW} THEN h.LASTDATE END) AS last,
 COALESCE(SUM(CASE WHEN {_NEW} THEN
 (SELECT COUNT(*) FROM memories m WHERE m.HARDWARE_ID = h.ID) END), 0) AS modules
 FROM (SELECT CAST(%s AS DATETIME) AS since) s LEFT JOIN hardware h
 ON h.DEVICEID NOT IN ('_SYSTEMGROUP_', '_DOWNLOADGROUP_')
 GROUP BY s.since"""


def _stored(rows: list[Row]) -> Stored:
    (row,) = rows
    return Stored(
        row["since"],
        int(row["contacts"]),
        int(row["machines"]),
        row["last"],
        int(row["modules"]),
    )


def stored_since(moment: datetime) -> SqlQuery[Stored]:
    """What was stored since a moment of the database's clock."""
    return SqlQuery(
        name="inventories that were stored",
        database=OCS_DATABASE,
        sql=_STORED,
        params=(moment,),
        parse=_stored,
        deadline=300.0,
    )


def refused(answers: Mapping[int, int]) -> int:
    """How many of the POSTs were turned away."""
    return sum(count for status, count in answers.items() if status in REFUSED)


def inventories_findings(
    seen: Activity | None, stored: Stored, before: Mapping[str, Any] | None, node: str
) -> list[Finding]:
    """Agents come, and what they send gets into the database, of no fewer of them than before.

    Where the server fails, with 500 and more, `served.agents_findings` says it.
    """
    if seen is None or not seen.logs:
        return []
    why = _nothing_left(seen, stored) or _turned_away(seen, before)
    if not why:
        return []
    return [
        Finding(
            code="ocs-inventories-not-stored",
            subject=f"{node}: POST /ocsinventory",
            observed=f"{why}; {seen.sentence()}; {stored.sentence()}",
            expected="answers of 200, and machines in ocsweb.hardware whose LASTCOME and LASTDATE"
            " are newer than httpd's start",
            remedy="Let one machine send an inventory by hand, and look for it in the OCS console."
            " 400: the server does not take an agent of this name and version; name it in the file"
            " of OCS_OPT_EXT_USERAGENTS_FILE_PATH, to the letter as httpd's access log has it, or"
            " update the agent. 401, 403: httpd's rules of access for /ocsinventory. 300 to"
            " 399: its redirects; agents need the address that it names. 200 and"
            " nothing stored: the server may use another database than ocsweb (OCS_DB_NAME,"
            " OCS_DB_LOCAL).",
            guide=("G14",),
            commands=(restarted(node),),
        )
    ]


def _nothing_left(seen: Activity, stored: Stored) -> str:
    answered = seen.answers.get(200, 0)
    # a machine that is new asks first, and that leaves no row: what follows does
    if answered < 2 or stored.contacts:
        return ""
    return f"{answered} POSTs of agents were answered with 200, and no machine's row is newer"


def _turned_away(seen: Activity, before: Mapping[str, Any] | None) -> str:
    """More often than before; where that is not on record, nobody gets through."""
    count = refused(seen.answers)
    if not count:
        return ""
    known = before if before is not None and "refused" in before else {"posts": 0, "refused": 0}
    posts, of_old = int(known["posts"]), int(known["refused"])
    if not posts:
        # nobody knows what is usual here: a scanner is turned away everywhere
        return (
            ""
            if seen.answers.get(200)
            else f"{count} POSTs of agents were turned away, and none got 200"
        )
    usual = of_old * seen.posts / posts
    if count <= usual + 2 * sqrt(usual):
        # as often as before, but for chance: a few minutes are held against two days
        return ""
    return (
        f"{count} of {seen.posts} POSTs of agents were turned away; before the upgrade {of_old} of"
        f" {posts} (since {known['since']})"
    )
