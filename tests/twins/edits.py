"""What somebody had done to a cluster before its snapshot was taken, beside its scenario. Data.

Each is done on the running cluster, by commands that exist as scenarios too where there is one, so
that several of them can stand together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rehearsal.scenario import NodeStep
from rehearsal.to_4_26 import STEP
from rehearsal.topology import Role

_SERVER = "/etc/httpd/conf.d/ocsinventory-server.conf"
_RESTAPI = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"


class Subject(StrEnum):
    """What an edit is made to; two of the same subject are never drawn together."""

    FILES = "OCS's files of httpd"
    RESOURCES = "resources"
    FENCING = "fencing"
    LEFTOVERS = "leftovers"
    VALUES = "values of CAPACITY"
    SERVERS = "GLPI's OCS servers"
    NODES = "nodes"
    PACKAGES = "packages"


@dataclass(frozen=True)
class Edit:
    """`blocks`: the plan ends with it, so nothing is upgraded."""

    name: str
    subject: Subject
    steps: tuple[NodeStep, ...] = ()
    sql: tuple[str, ...] = ()
    blocks: bool = False
    needs_asset: bool = False
    """It is made to what only the asset module has."""


def _of_scenario(name: str, subject: Subject, **more: bool) -> Edit:
    """What a scenario differs by, where commands on running nodes do it as well."""
    found = STEP.scenario(name)
    return Edit(name, subject, (*found.before_start, *found.after_start), found.sql, **more)


def _files(name: str, *steps: NodeStep, blocks: bool = False) -> Edit:
    return Edit(name, Subject.FILES, steps, blocks=blocks, needs_asset=True)


def _sed(expression: str, path: str, where: int | Role = Role.OPERATIVE) -> NodeStep:
    return NodeStep(where, ("sed", "-i", expression, path))


_MODULE = """
mkdir -p /usr/share/perl5/Acme
echo 'package Acme::Gate; 1;' > /usr/share/perl5/Acme/Gate.pm
sed -i 's|^ *PerlModule Apache::DBI.*|  PerlModule Acme::Gate\\n&|' "$1"
"""
_WAIT = "--wait=90"
"""So long pcs waits until pacemaker has done it: a snapshot on the way would tell half of it."""
_VALUES = ("+8192", " 4096", "16384 MB", "2 GB", "99999999999", "-1", "unknown", "No", "")
_ADDED = ", ".join(f"(1, 'DIMM', '{value}', {n})" for n, value in enumerate(_VALUES, start=20))
_OF_NOBODY = ", ".join(f"(990{n}, 'DIMM', '4096 MB', 1)" for n in range(1, 8))
_INSERT = "INSERT INTO ocsweb.memories (HARDWARE_ID, CAPTION, CAPACITY, NUMSLOTS) VALUES"


def _pcs(*words: str) -> NodeStep:
    return NodeStep(1, ("pcs", *words))


EDITS = (
    _files(
        "other-values",
        _sed(r"s|\(OCS_OPT_INVENTORY_DIFF\) .|\1 0|; s|\(OCS_OPT_LOGLEVEL\) .|\1 2|", _SERVER),
    ),
    _files(
        "another-access", _sed(r"s|^\( *\)Require all granted|\1Require ip 10.0.0.0/8|", _SERVER, 2)
    ),
    _files(
        "settings-off",
        _sed(r"s|^ *PerlSetEnv OCS_OPT_TRACE_DELETED .*|# & asked for by Mr Wagner|", _SERVER, 1),
    ),
    _files("line-ends", _sed(r"s|$|\r|", _RESTAPI, 1)),
    _files("module-of-the-site", NodeStep(Role.OPERATIVE, ("sh", "-euc", _MODULE, "m", _SERVER))),
    _of_scenario("merge-question-one-node", Subject.FILES, needs_asset=True),
    _of_scenario("password-per-file", Subject.FILES, needs_asset=True, blocks=True),
    _of_scenario("password-computed", Subject.FILES, needs_asset=True, blocks=True),
    _of_scenario("disabled-resource", Subject.RESOURCES, blocks=True),
    Edit(
        "leftover-ban",
        Subject.RESOURCES,
        (_pcs("resource", "ban", "httpd_group", "neteye02.neteyelocal", _WAIT),),
        blocks=True,
    ),
    Edit(
        "service-of-the-site",
        Subject.RESOURCES,
        (
            _pcs("resource", "create", "acme-portal", "ocf:pacemaker:Dummy", _WAIT),
            _pcs("constraint", "order", "mariadb_group", "then", "acme-portal", "kind=Optional"),
            _pcs(
                "constraint",
                "colocation",
                "add",
                "acme-portal",
                "with",
                "mariadb_group",
                "score=100",
            ),
        ),
    ),
    Edit("fencing-off", Subject.FENCING, (_pcs("property", "set", "stonith-enabled=false"),)),
    _of_scenario("foreign-rpmnew", Subject.LEFTOVERS, blocks=True),
    Edit("dirty-values", Subject.VALUES, sql=(f"{_INSERT} {_ADDED}",), needs_asset=True),
    Edit("rows-of-nobody", Subject.VALUES, sql=(f"{_INSERT} {_OF_NOBODY}",), needs_asset=True),
    _of_scenario("custom-ocs-inactive", Subject.SERVERS, needs_asset=True),
    _of_scenario("custom-ocs-soap", Subject.SERVERS, needs_asset=True),
    _of_scenario("custom-ocs-active", Subject.SERVERS, needs_asset=True, blocks=True),
    Edit(
        "standby-node",
        Subject.NODES,
        (_pcs("node", "standby", "neteye02.neteyelocal", _WAIT),),
        blocks=True,
    ),
    _of_scenario("program-missing", Subject.NODES, blocks=True),
    _of_scenario("kernel-excluded", Subject.PACKAGES),
    _of_scenario("packages-excluded", Subject.PACKAGES, blocks=True),
)


@dataclass(frozen=True)
class Deliberate:
    """A difference made in A when its snapshot was taken already.

    `shows`: what one of the differences that are found has in its words.
    """

    edit: Edit
    shows: str


_BY_NAME = {edit.name: edit for edit in EDITS}
DELIBERATE = (
    Deliberate(
        Edit(
            "another-resource-disabled",
            Subject.RESOURCES,
            (_pcs("resource", "disable", "nats-server", _WAIT),),
            blocks=True,
        ),
        "resource-disabled",
    ),
    Deliberate(_BY_NAME["foreign-rpmnew"], "rpmnew-foreign"),
    Deliberate(_BY_NAME["fencing-off"], "fencing-off"),
)
