"""The law of a written inventory: its parse gives back what was found, whatever it is called."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.discovery.found import Found, FoundNode, Try
from engine.discovery.rendering import host_line, render
from engine.errors import UsageError
from engine.model.answer import LostKind
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.parse.inventory_ini import parse_inventory

PATH = Path("prod.ini")
LETTERS = string.ascii_letters + string.digits
# what Ansible would read as a number, a list or nothing is among them
NAMES = st.one_of(
    st.sampled_from(["1e3", "0x10", "None", "True", "10", "1_0", "007", "a-b", "yes", "inf"]),
    st.text(LETTERS + "-_", min_size=1, max_size=12).filter(lambda t: t.strip("-_") == t != ""),
)
USERS = st.one_of(NAMES, st.sampled_from(["root", "upgrade", "a.b@ad.example.com", "4711", "0"]))
# blanks at its end an inventory can't have, and no template; both are refused, see below
PATHS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20).filter(
    lambda t: t == t.strip() and "{{" not in t and "{%" not in t
)
ARGS = st.lists(
    st.one_of(
        st.tuples(st.just("-J"), st.sampled_from(["root@n1", "b,root@n1:2222", "root@[fd00::1]"])),
        st.tuples(st.just("-F"), PATHS.map(lambda t: str(Path(f"/etc/{t}x")))),
    ),
    max_size=2,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: tuple(word for pair in pairs for word in pair))
WHY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@st.composite
def founds(draw: st.DrawFn) -> Found:
    names = draw(
        st.lists(NAMES, min_size=2, max_size=6, unique_by=lambda t: t.lower()).filter(
            lambda found: len({n.lower() for n in found}) == len(found)
        )
    )
    voting = draw(st.booleans()) and len(names) > 2
    operative = draw(st.integers(2, len(names) - voting))
    roles = [Role.OPERATIVE] * operative + [Role.ELASTIC_ONLY] * (len(names) - operative - voting)
    roles += [Role.VOTING_ONLY] * voting
    nodes = []
    for number, (name, role) in enumerate(zip(names, roles, strict=True), 1):
        host = Host(
            name=name,
            role=role,
            address=draw(st.sampled_from([f"192.0.2.{number}", f"2001:db8::{number}", name])),
            user=draw(USERS),
            port=draw(st.sampled_from([22, 2222, 65535])),
            key_file=draw(st.none() | PATHS.map(lambda t: Path(f"/keys/{t}"))),
            ssh_args=draw(ARGS),
            become=draw(st.booleans()),
        )
        tries = tuple(
            Try(host, why, kind)
            for why, kind in draw(
                st.lists(st.tuples(WHY, st.none() | st.sampled_from(LostKind)), max_size=3)
            )
        )
        defined = DefinedNode(name, f"192.0.2.{number}", role)
        nodes.append(FoundNode(defined, host, None, tries, draw(WHY)))
    definition = ClusterDefinition(draw(NAMES), "203.0.113.10", tuple(n.node for n in nodes))
    environment = draw(st.sampled_from([Environment.REHEARSAL, Environment.PRODUCTION]))
    return Found(definition, tuple(nodes), environment, tuple(draw(st.lists(WHY, max_size=2))))


@settings(max_examples=150)
@given(founds())
def test_the_parse_gives_back_what_was_found(found: Found) -> None:
    settings = Settings(found.definition.hostname, found.environment)
    hosts = tuple(one.host for one in found.nodes)
    assert parse_inventory(render(found), PATH) == Inventory(PATH, hosts, settings)


@settings(max_examples=150)
@given(founds())
def test_the_line_of_a_host_says_all_of_it_by_itself(found: Found) -> None:
    lines = [f"[{one.host.role}]\n{host_line(one.host)}" for one in found.nodes]
    text = "\n".join([*lines, "[all:vars]", "runbook_cluster=c", "runbook_environment=staging"])
    assert parse_inventory(text, PATH).hosts == tuple(one.host for one in found.nodes)


def test_what_can_t_be_written_is_refused_and_not_written_as_something_else() -> None:
    nodes = tuple(
        FoundNode(
            DefinedNode(name, f"192.0.2.{number}", Role.OPERATIVE),
            Host(name, Role.OPERATIVE, f"192.0.2.{number}"),
        )
        for number, name in enumerate(("n1", "n2"), 1)
    )
    found = Found(ClusterDefinition("c", "192.0.2.9", ()), nodes, Environment.PRODUCTION)
    found = replace(found, definition=replace(found.definition, nodes=tuple(n.node for n in nodes)))
    assert "n1" in render(found)
    for odd in (
        Path("/keys/{{ mine }}"),
        Path("/keys/a "),
        Path("/keys/a\nb"),
        Path("/keys/a\x1bb"),
    ):
        spoilt = replace(nodes[0], host=replace(nodes[0].host, key_file=odd))
        with pytest.raises(UsageError, match="can't be written as an inventory"):
            render(replace(found, nodes=(spoilt, nodes[1])))
    alike = replace(nodes[1], host=replace(nodes[1].host, name="n1.example.com"))
    with pytest.raises(UsageError, match="is there twice"):
        render(replace(found, nodes=(nodes[0], alike)))
