"""The CIB: properties of all sets, location constraints for one node, by rule, by set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.cluster import LocationConstraint
from engine.parse.cib import parse_cib

from .data import captured, pacemaker, with_

CIB = """
<cib epoch="7">
  <configuration>
    <crm_config>{properties}</crm_config>
    <nodes>
      <node id="1" uname="n1"><instance_attributes id="a"><nvpair id="r1" name="rack" value="1"/>
        <nvpair id="c1" name="cpus" value="16"/></instance_attributes></node>
      <node id="2" uname="n2"><instance_attributes id="b"><nvpair id="r2" name="rack" value="2"/>
        </instance_attributes></node>
      <node id="3" uname="n3" type="remote"/>
    </nodes>
    <resources/>
    <constraints>{constraints}</constraints>
  </configuration>
  {status}
</cib>
"""
STATUS = """
<status><node_state id="1" uname="n1"><transient_attributes id="1"><instance_attributes id="s">
  <nvpair id="p" name="pingd" value="100"/></instance_attributes></transient_attributes>
</node_state></status>
"""


def location(constraints: str, status: str = "") -> list[tuple[str, str, str]]:
    text = CIB.format(properties="", constraints=constraints, status=status)
    return [(c.resource, c.node, c.score) for c in parse_cib(text).location]


def by_rule(rule: str, status: str = "") -> list[str]:
    """Nodes that a rule with score -INFINITY matches."""
    found = location(f'<rsc_location id="c" rsc="r">{rule}</rsc_location>', status)
    assert all((resource, score) == ("r", "-INFINITY") for resource, _, score in found)
    return [node for _, node, _ in found]


def expression(attribute: str, operation: str, value: str = "") -> str:
    return f'<expression id="e" attribute="{attribute}" operation="{operation}" value="{value}"/>'


def rule(*parts: str, op: str = "and") -> str:
    return f'<rule id="r" boolean-op="{op}" score="-INFINITY">{"".join(parts)}</rule>'


def test_captured_configuration() -> None:
    cib = parse_cib(captured("healthy.cib-configuration.xml"))
    assert cib.properties["stonith-enabled"] == "true"
    assert cib.properties["cluster-name"] == "NetEye"
    assert len(cib.properties) == 7
    assert cib.location[0] == LocationConstraint(
        id="loc-f1", resource="fence_neteye01", node="neteye01.neteyelocal", score="-INFINITY"
    )
    assert len(cib.location) == 3
    assert all(constraint.forbids for constraint in cib.location)


def test_properties_of_all_sets_in_the_order_that_pacemaker_gives_them() -> None:
    properties = """
      <cluster_property_set id="late" score="1">
        <nvpair id="1" name="stonith-enabled" value="late"/><nvpair id="2" name="a" value="late"/>
      </cluster_property_set>
      <cluster_property_set id="early" score="INFINITY">
        <nvpair id="3" name="a" value="early"/><nvpair id-ref="5"/>
      </cluster_property_set>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="4" name="stonith-enabled" value="true"/><nvpair id="5" name="b" value="x"/>
      </cluster_property_set>
    """
    cib = parse_cib(CIB.format(properties=properties, constraints="", status=""))
    assert cib.properties == {"stonith-enabled": "true", "a": "early", "b": "x"}


def two(score: str) -> tuple[str, str]:
    """A property and a switch of a resource, each in two sets: the first with this score."""
    properties = f"""
      <cluster_property_set id="x" score="{score}"><nvpair id="1" name="a" value="first"/>
      </cluster_property_set>
      <cluster_property_set id="y"><nvpair id="2" name="a" value="last"/></cluster_property_set>"""
    primitive = f"""
      <resources><primitive id="r" class="ocf" type="Dummy">
        <meta_attributes id="m" score="{score}"><nvpair id="3" name="is-managed" value="true"/>
        </meta_attributes>
        <meta_attributes id="n"><nvpair id="4" name="is-managed" value="false"/></meta_attributes>
      </primitive></resources>"""
    return properties, primitive


@pytest.mark.parametrize(
    ("score", "value", "unmanaged"), [("0", "last", {"r"}), ("7", "first", set())]
)
def test_of_sets_with_equal_scores_the_last_counts(
    score: str, value: str, unmanaged: set[str]
) -> None:
    """Seen with pacemaker 2.1.5 and 3.0.0 (findings/pacemaker-last-set-of-equals.sh)."""
    properties, resources = two(score)
    text = CIB.format(properties=properties, constraints="", status="")
    cib = parse_cib(text.replace("<resources/>", resources))
    assert (cib.properties["a"], set(cib.unmanaged)) == (value, unmanaged)


def test_a_property_that_is_not_set_is_not_there() -> None:
    assert parse_cib(CIB.format(properties="", constraints="", status="")).properties == {}


def test_scores_have_one_spelling() -> None:
    constraints = "".join(
        f'<rsc_location id="c{score}" rsc="r" node="n1" score="{score}"/>'
        for score in ("-INFINITY", "-1000000", "INFINITY", "+INFINITY", "50", "-1")
    )
    scores = [score for _, _, score in location(constraints)]
    assert scores == ["-INFINITY", "-INFINITY", "INFINITY", "INFINITY", "50", "-1"]


def test_resource_sets_and_patterns() -> None:
    constraints = """
      <rsc_location id="s" node="n2" score="-INFINITY">
        <resource_set id="x"><resource_ref id="one"/><resource_ref id="two"/></resource_set>
      </rsc_location>
      <rsc_location id="p" rsc-pattern="^glpi_.*" node="n1" score="10"/>
    """
    assert location(constraints) == [
        ("one", "n2", "-INFINITY"),
        ("two", "n2", "-INFINITY"),
        ("^glpi_.*", "n1", "10"),
    ]


def test_what_is_exclusive_to_a_node() -> None:
    constraints = """
      <rsc_location id="x" rsc="r" node="n2" score="0" resource-discovery="exclusive"/>
      <rsc_location id="y" rsc="r" node="n2" score="0" resource-discovery="never"/>
    """
    cib = parse_cib(CIB.format(properties="", constraints=constraints, status=""))
    assert [c.is_exclusive for c in cib.location] == [True, False]


RULES = [
    (rule(expression("#uname", "eq", "n2")), ["n2"]),
    (rule(expression("#uname", "ne", "n2")), ["n1", "n3"]),
    (rule(expression("#kind", "ne", "remote")), ["n1", "n2"]),
    (
        rule(expression("#uname", "eq", "n1"), expression("#uname", "eq", "n2"), op="or"),
        ["n1", "n2"],
    ),
    (rule(expression("#uname", "eq", "n1"), expression("rack", "eq", "2")), []),
    (rule(rule(expression("rack", "eq", "2")), expression("#uname", "ne", "n3")), ["n2"]),
    # attributes nobody can know from the configuration alone: every node counts
    (rule(expression("pingd", "lt", "1")), ["n1", "n2", "n3"]),
    (
        rule(
            expression("#uname", "eq", "n1"), '<date_expression operation="lt" end="2030-01-01"/>'
        ),
        ["n1"],
    ),
    (rule(expression("cpus", "gte", "8")), ["n1", "n2", "n3"]),
]


@pytest.mark.parametrize(("text", "nodes"), RULES)
def test_rule_without_status(text: str, nodes: list[str]) -> None:
    assert by_rule(text) == nodes


RULES_WITH_STATUS = [
    (
        rule(expression("pingd", "lt", "1"), expression("pingd", "not_defined"), op="or"),
        ["n2", "n3"],
    ),
    (rule(expression("pingd", "defined")), ["n1"]),
    (rule(expression("pingd", "gt", "99")), ["n1"]),
    # nothing is smaller than what is not defined
    (rule(expression("pingd", "lte", "100")), ["n1"]),
    (rule(expression("cpus", "gte", "8")), ["n1"]),
    (rule(expression("rack", "eq", "1")), ["n1"]),
    (rule(expression("rack", "ne", "1")), ["n2", "n3"]),
    (rule(expression("rack", "lt", "word")), ["n1", "n2"]),
    (rule(expression("rack", "lt", "9x")), ["n1", "n2"]),
    # a number to C: as a word it would be decided, and wrongly
    (rule(expression("rack", "lt", "-INFINITY")), ["n1", "n2"]),
    (rule(expression("rack", "sounds_like", "1")), ["n1", "n2", "n3"]),
]


@pytest.mark.parametrize(("text", "nodes"), RULES_WITH_STATUS)
def test_rule_with_transient_attributes(text: str, nodes: list[str]) -> None:
    assert by_rule(text, STATUS) == nodes


def test_an_attribute_in_two_sets_is_not_decided() -> None:
    """Which of them counts depends on their scores, and on more: each node may be meant."""
    again = STATUS.replace("</transient", '<instance_attributes id="t"><nvpair id="q" name="pingd" '
                           'value="50"/></instance_attributes></transient')  # fmt: skip
    text = rule(expression("pingd", "lt", "1"))
    assert (by_rule(text, STATUS), by_rule(text, again)) == ([], ["n1"])


@pytest.mark.parametrize(
    ("score", "forbids"),
    [("-INFINITY", True), ("-1000000", True), ("-999999", False), ("INFINITY", False)],
)
def test_what_forbids_a_node(score: str, forbids: bool) -> None:
    """A million is INFINITY to pacemaker."""
    assert LocationConstraint("c", "r", "n1", score).forbids is forbids


def test_score_of_an_attribute() -> None:
    text = (
        '<rsc_location id="c" rsc="r"><rule id="r" score-attribute="rack">'
        f"{expression('#uname', 'ne', 'n9')}</rule></rsc_location>"
    )
    assert location(text) == [("r", "n1", "1"), ("r", "n2", "2"), ("r", "n3", "-INFINITY")]


# as `pcs constraint location g rule constraint-id=mine score=INFINITY #uname eq n2` leaves it
MADE_BY_PCS = """
<rsc_location id="mine" rsc="g">
  <rule id="mine-rule" score="INFINITY">
    <expression id="mine-rule-expr" operation="eq" attribute="#uname" value="{node}"/>
  </rule>
</rsc_location>
"""


def test_a_constraint_of_pcs_by_rule_is_one_for_its_node() -> None:
    assert location(MADE_BY_PCS.format(node="n2")) == [("g", "n2", "INFINITY")]


def test_a_constraint_whose_node_is_gone_is_known_by_its_id() -> None:
    constraints = MADE_BY_PCS.format(node="n9")
    cib = parse_cib(CIB.format(properties="", constraints=constraints, status=""))
    assert (cib.location, cib.location_ids) == ((), ("mine",))


PRIMITIVE = """
<group id="g"><primitive id="{id}" class="systemd" type="x"><operations>
  <op id="{id}-start" name="start" interval="0"{start}/>
  <op id="{id}-stop" name="stop" interval="0"{stop}/>
</operations></primitive></group>
"""
FENCE = ' on-fail="fence"'
DEFAULT = """<op_defaults><meta_attributes id="o">
  <nvpair id="o1" name="on-fail" value="{value}"/></meta_attributes></op_defaults>"""


@pytest.mark.parametrize(
    ("start", "stop", "default", "found"),
    [
        ("", "", "", ()),
        (FENCE, "", "", ("x",)),
        # a stop that fails fences its node anyway
        ("", FENCE, "", ()),
        ("", "", DEFAULT.format(value="fence"), ("x",)),
        ("", "", DEFAULT.format(value="block"), ()),
    ],
)
def test_whose_failed_start_gets_its_node_fenced(
    start: str, stop: str, default: str, found: tuple[str, ...]
) -> None:
    text = CIB.format(properties="", constraints="", status="")
    resources = PRIMITIVE.format(id="x", start=start, stop=stop)
    text = text.replace("<resources/>", f"<resources>{resources}</resources>{default}")
    assert parse_cib(text).fenced_on_failure == found


def test_enumerations_are_read_in_any_case() -> None:
    text = CIB.format(properties="", constraints="", status="")
    fenced = PRIMITIVE.format(id="x", start=' on-fail="FENCE"', stop="")
    stop = PRIMITIVE.format(id="y", start="", stop=' on-fail="Fence"').replace('"stop"', '"Stop"')
    both = text.replace("<resources/>", f"<resources>{fenced}{stop}</resources>")
    assert parse_cib(both).fenced_on_failure == ("x",)


def test_attributes_by_how_long_they_last() -> None:
    cib = parse_cib(pacemaker("modes.cib.xml"))
    modes = ("standby", "maintenance")
    assert [[m for m in modes if one.is_transient(m)] for one in cib.attributes] == [
        [], ["standby"], ["maintenance"]
    ]  # fmt: skip
    assert [[m for m in modes if one.is_permanent(m)] for one in cib.attributes] == [
        ["standby"], [], []
    ]  # fmt: skip
    assert cib.nodes == ("ne-a", "ne-b", "ne-c")
    assert cib.of_node("NE-A") is cib.attributes[0]


def test_what_hangs_on_a_ticket() -> None:
    assert parse_cib(pacemaker("tickets.cib.xml")).ticketed == {"milano": ("a",), "roma": ("g",)}


def test_expired_ban_is_still_a_leftover() -> None:
    ban = '<rsc_location id="cli-ban-x-on-n1" rsc="x">{}</rsc_location>'.format(
        rule(expression("#uname", "eq", "n1"), '<date_expression operation="lt" end="2020-01-01"/>')
    )
    (found,) = parse_cib(CIB.format(properties="", constraints=ban, status=STATUS)).location
    assert (found.is_leftover, found.forbids, found.node) == (True, True, "n1")


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ('<rsc_location rsc="r" node="n" score="1"/>', "<rsc_location>: has no attribute id"),
        ('<rsc_location id="c" node="n" score="1"/>', "<rsc_location c>: has no attribute rsc"),
        ('<rsc_location id="c" rsc="r" score="1"/>', "<rsc_location c>: has no attribute node"),
        ('<rsc_location id="c" rsc="r" node="n"/>', "<rsc_location c>: has no attribute score"),
        (
            '<rsc_location id="c" rsc="r" node="n" score="much"/>',
            "<rsc_location c>: is 'much', expected a whole number",
        ),
    ],
)
def test_incomplete_constraint_is_an_error(constraint: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        location(constraint)
    assert str(caught.value) == f"cibadmin --query: {message}"


@pytest.mark.parametrize("section", ["crm_config", "nodes", "constraints"])
def test_missing_section_is_an_error(section: str) -> None:
    text = captured("healthy.cib-configuration.xml")
    begin, end = text.index(f"<{section}>"), text.index(f"</{section}>")
    with pytest.raises(ParseError, match=f"<configuration>: has no element <{section}>"):
        parse_cib(text[:begin] + text[end + len(section) + 3 :])


def test_no_configuration() -> None:
    with pytest.raises(ParseError, match="<cib>: has no element <configuration>"):
        parse_cib("<cib/>")


def test_renamed_field_is_seen() -> None:
    text = with_(captured("healthy.cib-configuration.xml"), 'uname="neteye01', 'name="neteye01')
    with pytest.raises(ParseError, match="has no attribute uname"):
        parse_cib(text)


def test_deeply_nested_rule_is_not_decided() -> None:
    deep = 3000
    nested = '<rule id="r">' * deep + expression("#uname", "eq", "n9") + "</rule>" * deep
    assert by_rule(rule(nested)) == ["n1", "n2", "n3"]


@given(st.text())
def test_any_text_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        parse_cib(text)
