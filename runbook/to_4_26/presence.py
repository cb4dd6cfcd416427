"""Whether the asset module is there: an observation, never an assumption (issue of the design).

A database that can't be reached is no answer, so it is never taken for "not installed".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.ask.look import Look
from engine.model.finding import Finding
from engine.model.query import Asked, Row, SqlQuery
from runbook.to_4_26.names import OCS_DATABASE, SCRATCH_DATABASE

PACKAGE = "ocsinventory-server"
_FEW = 5
"""So many nodes are named."""


def _schemas(rows: list[Row]) -> frozenset[str]:
    return frozenset(str(row["name"]) for row in rows)


SCHEMAS: SqlQuery[frozenset[str]] = SqlQuery(
    name="databases of the asset module",
    database="information_schema",
    sql="SELECT SCHEMA_NAME AS name FROM SCHEMATA WHERE SCHEMA_NAME IN (%s, %s)",
    params=(OCS_DATABASE, SCRATCH_DATABASE),
    parse=_schemas,
)
"""Those that exist of OCS' database and our scratch schema."""


@dataclass(frozen=True)
class Presence:
    """Where the OCS server's package is installed, and which of the databases exist."""

    nodes: tuple[str, ...]
    schemas: frozenset[str]
    asked: int
    """How many nodes have answered."""

    @property
    def has_ocs(self) -> bool:
        """Either trace counts: a database without packages is converted or lost all the same."""
        return bool(self.nodes) or OCS_DATABASE in self.schemas

    @property
    def has_ocs_database(self) -> bool:
        return OCS_DATABASE in self.schemas

    def sentence(self) -> str:
        many = (
            f"{len(self.nodes)} of {self.asked} operative nodes" if len(self.nodes) > _FEW else ""
        )
        where = many or ", ".join(self.nodes) or "no operative node"
        databases = ", ".join(sorted(self.schemas)) or "none of that module"
        return f"package {PACKAGE} on {where}; databases: {databases}"


def presence(look: Look) -> tuple[Presence, Asked[Any]]:
    """Ask every operative node for the package and the database for the schemas.

    The second value tells who did not answer. Raises Unanswered when the database did not.
    """
    asked = look.on_each(
        look.names.operative,
        f"package {PACKAGE}",
        lambda host: bool(host.package(PACKAGE).is_installed),
    )
    nodes = tuple(node for node, is_there in asked.values.items() if is_there)
    return Presence(nodes, look.sql(SCHEMAS), len(asked.values)), asked


@dataclass
class Seen:
    """Findings, the sentence of what was seen, and the rows for the report."""

    findings: list[Finding] = field(default_factory=list)
    observed: str = ""
    lines: list[str] = field(default_factory=list)
