"""Ids of constraints in a snapshot: in the form of pcs or crm_resource, or a number."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from engine.snapshot.constraints import Constraints
from engine.snapshot.guard import NotWritten, refuse_names
from engine.snapshot.names import Names, Vocabulary

NODE = "acme1.acme.example"
RULE = (
    '<rule id="r" score="-INFINITY"><expression id="e" attribute="#uname" operation="eq"'
    f' value="{NODE}" type="string"/></rule>'
)


def _id(tag: str, ident: str, attributes: str, inner: str = "") -> str:
    names = Names(Vocabulary(("httpd", "mariadb"), (), (), (), ("_group",)))
    names.add_node([NODE, "acme1"])
    element = fromstring(f'<rsc_{tag} id="{ident}" {attributes}>{inner}</rsc_{tag}>')
    found = Constraints(names, names.service).of(element)
    assert "acme" not in str(found)
    return str(found["id"])


@pytest.mark.parametrize(
    ("tag", "ident", "attributes", "inner", "expected"),
    [
        (
            *("location", f"cli-ban-httpd_group-on-{NODE}"),
            *(f'rsc="httpd_group" node="{NODE}" score="-INFINITY"', ""),
            "cli-ban-httpd_group-on-node-1",
        ),
        (
            *("location", f"cli-ban-httpd_group-on-{NODE}", 'rsc="httpd_group"', RULE),
            "cli-ban-httpd_group-on-node-1",
        ),
        (
            *("location", "cli-prefer-acme_group"),
            *(f'rsc="acme_group" node="{NODE}" score="INFINITY"', ""),
            "cli-prefer-service-01_group",
        ),
        (
            *("location", f"location-httpd_group-{NODE}--INFINITY-1"),
            *(f'rsc="httpd_group" node="{NODE}" score="-INFINITY"', ""),
            "location-httpd_group-node-1--INFINITY-1",
        ),
        (
            *("order", "order-mariadb_group-acme_group-mandatory"),
            *('first="mariadb_group" then="acme_group" kind="Mandatory"', ""),
            "order-mariadb_group-service-01_group-mandatory",
        ),
        (
            *("colocation", "colocation-acme_group-mariadb_group-INFINITY"),
            *('rsc="acme_group" with-rsc="mariadb_group" score="INFINITY"', ""),
            "colocation-service-01_group-mariadb_group-INFINITY",
        ),
    ],
)
def test_a_known_form_is_kept_with_the_replacements_in_it(
    tag: str, ident: str, attributes: str, inner: str, expected: str
) -> None:
    assert _id(tag, ident, attributes, inner) == expected


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("acme-keeps-httpd", "constraint-1"),
        ("location-httpd_group-acme", "constraint-1"),
        (f"location-httpd_group-{NODE}-INFINITY-acme", "constraint-1"),
        (f"location-mariadb_group-{NODE}--INFINITY", "constraint-1"),
        ("cli-ban-acme", "cli-ban-1"),
        (f"cli-ban-mariadb_group-on-{NODE}", "cli-ban-1"),
        (f"cli-prefer-httpd_group-{NODE}", "cli-prefer-1"),
    ],
)
def test_any_other_id_becomes_a_number(ident: str, expected: str) -> None:
    attributes = f'rsc="httpd_group" node="{NODE}" score="-INFINITY"'
    assert _id("location", ident, attributes) == expected


@pytest.mark.parametrize(
    ("tag", "ident", "attributes"),
    [
        ("location", "cli-prefer-httpd_group", f'rsc="httpd_group" node="{NODE}" score="INFINITY"'),
        (
            *("order", "order-mariadb_group-httpd_group-mandatory"),
            'first="mariadb_group" then="httpd_group" kind="Mandatory"',
        ),
    ],
)
def test_an_id_of_the_vendor_s_names_alone_does_not_keep_the_snapshot_back(
    tag: str, ident: str, attributes: str
) -> None:
    names = Names(Vocabulary(("httpd", "mariadb"), (), (), (), ("_group",)))
    names.add_node([NODE, "acme1"])
    element = fromstring(f'<rsc_{tag} id="{ident}" {attributes}/>')
    found = Constraints(names, names.service).of(element)
    assert found["id"] == ident
    refuse_names({"constraints": [found]}, names.originals, names.vocabulary.words)


def test_an_id_that_was_replaced_must_turn_up_nowhere() -> None:
    names = Names(Vocabulary(("httpd",), (), (), (), ("_group",)))
    ident = "acme-keeps-httpd"
    element = fromstring(f'<rsc_location id="{ident}" rsc="httpd_group" score="1"/>')
    Constraints(names, names.service).of(element)
    with pytest.raises(NotWritten, match="the id of a constraint"):
        refuse_names({"elsewhere": ident}, names.originals, names.vocabulary.words)
