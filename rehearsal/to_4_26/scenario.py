"""A scenario of this step: where it starts, and what the asset module adds."""

from dataclasses import dataclass

from rehearsal import scenario
from rehearsal.to_4_26.versions import SOURCE


@dataclass(frozen=True)
class NodeFile:
    """A file of httpd on one operative node, as an administrator had left it."""

    node: int
    path: str
    text: str
    mode: str


@dataclass(frozen=True)
class Scenario(scenario.Scenario):
    """`migrated` is the state of the databases and httpd's password file after the migration;
    `other_password_on` are the nodes whose files have another database password. Where there are
    `httpd_files`, no node's are edited in the usual way."""

    installed: str = f"{SOURCE}-base"
    release: str = SOURCE
    migrated: bool = False
    other_password_on: tuple[int, ...] = ()
    httpd_files: tuple[NodeFile, ...] = ()
