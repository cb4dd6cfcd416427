"""A scenario of this step: where it starts, and what the asset module adds."""

from dataclasses import dataclass

from rehearsal import scenario
from rehearsal.to_4_26.versions import SOURCE


@dataclass(frozen=True)
class Scenario(scenario.Scenario):
    """`migrated` is the state of the databases and httpd's password file after the migration;
    `other_password_on` are the nodes whose files have another database password."""

    installed: str = f"{SOURCE}-base"
    release: str = SOURCE
    migrated: bool = False
    other_password_on: tuple[int, ...] = ()
