"""What an auditor asks is answered where it stands: approval, how to verify, what is one outage."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from engine.prove.verifier import COMMANDS, how_to
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.outages import addresses_of, away_of, shared_sentences
from engine.report.summary import summary_of
from tests.engine.kit import event
from tests.evidence import fivenodes, journals, nights
from tests.evidence.pages import PAGES


def section(anchor: str, *events: Any) -> str:
    page = unescape(render(list(events), []))
    return page.partition(f'<section id="{anchor}"')[2].partition("</section>")[0]


def test_a_rehearsal_needs_no_approval_and_the_section_says_so() -> None:
    begun, *rest = journals.whole()
    said = section("approvals", {**begun, "environment": "rehearsal"}, *rest)
    assert "a rehearsal needs none" in said
    assert "No signed approval is on record" not in said
    assert "No signed approval is on record" in section("approvals", begun, *rest)


def test_the_page_has_the_commands_that_verify_it() -> None:
    page = unescape(render(journals.whole(), []))
    run = str(journals.whole()[0]["run"])
    lines = page.partition('<pre class="copied">')[2].partition("</pre>")[0].splitlines()
    assert lines == [line.replace("DIRECTORY", run) for line in COMMANDS]
    assert all(line.startswith("python3 " + run + "/verify.py") for line in lines)
    assert "in the directory above the run's own" in page
    text = how_to(run, "", "", "0" * 64)
    assert all(f"    {line}\n" in text for line in COMMANDS)


def gap(target: str, begin: float, end: float, **fields: Any) -> dict[str, Any]:
    since, until = (event("x", seconds)["time"] for seconds in (begin, end))
    return {"target": target, "since": since, "until": until, "unseen": False, **fields}


def measured(*gaps: dict[str, Any], **ways: str) -> dict[str, Any]:
    names = {"cluster": "cluster address", "ocs": "OCS endpoint"}
    seen = {"at_least": False, "unseen": 0.0, "not_asked": 0.0}
    totals = [{"target": names.get(name, name), "way": way, **seen} for name, way in ways.items()]
    return {"totals": totals, "gaps": list(gaps)}


WAYS = {
    "cluster": "address://192.0.2.10:443",
    "httpd": "https://192.0.2.10:443/ through n1",
    "ocs": "https://192.0.2.10:443/ocsinventory",
    "MariaDB": "database on n1",
    "Elasticsearch": "tcp://elasticsearch.neteyelocal:9200 through n1",
}


def test_services_at_one_address_that_go_away_together_are_one_outage() -> None:
    both = [gap("httpd", 10, 36), gap("OCS endpoint", 11, 37), gap("OCS endpoint", 50, 52)]
    (shared,) = away_of(measured(*both, gap("httpd", 90, 99, unseen=True), **WAYS))
    assert (shared.name, shared.gaps, len(shared.outages)) == ("httpd and OCS endpoint", 3, 2)
    assert shared.seconds == 29
    assert shared_sentences(measured(*both, **WAYS)) == [
        "httpd and OCS endpoint are asked at one address, 192.0.2.10: their 3 gaps are 2 outages,"
        " 29 s in all, and are not to be added up"
    ]


def test_what_is_asked_elsewhere_is_an_outage_of_its_own() -> None:
    apart = [gap("httpd", 10, 36), gap("MariaDB", 10, 36), gap("Elasticsearch", 12, 20)]
    found = away_of(measured(*apart, **WAYS))
    assert [(one.name, one.seconds) for one in found] == [
        ("httpd", 26), ("MariaDB", 26), ("Elasticsearch", 8),
    ]  # fmt: skip
    assert shared_sentences(measured(*apart, **WAYS)) == []
    # nothing is known of what never answered
    assert addresses_of(measured(httpd="")) == []


def test_what_nobody_saw_of_one_service_holds_for_all_at_its_address() -> None:
    summary = measured(gap("httpd", 10, 36), **WAYS)
    summary["totals"][1] |= {"at_least": True, "unseen": 9.0, "not_asked": 3.0}
    (web,) = away_of(summary)
    assert (web.is_at_least, web.not_seen) == (True, 12.0)


def test_headline_section_and_first_screen_count_it_once() -> None:
    begun, *rest = journals.whole()
    more = journals.watched(19.5, 98, "OCS endpoint")
    page = unescape(render([begun, *rest[:-1], *more, rest[-1]], []))
    assert "httpd and OCS endpoint, at one address, 2 s away" in page
    assert "service gaps: <b>2</b>, 1 outage</a>" in page
    assert "their 2 gaps are 1 outage, 2 s in all" in section(
        "gaps", begun, *rest[:-1], *more, rest[-1]
    )
    assert "outage" not in section("gaps", begun, *rest)
    elsewhere = journals.watched(30, 98, "MariaDB", way="database on n1")
    page = unescape(render([begun, *rest[:-1], *more, *elsewhere, rest[-1]], []))
    told = "at one address, 2 s away, MariaDB at least 2 s away (10 s not seen)"
    assert f"httpd and OCS endpoint, {told}" in page


def index(*events: Any, earlier: Any = ()) -> dict[str, Any]:
    own = list(events)
    told = index_of(summary_of(own, list(earlier)), [*earlier, *own])
    return {one.question: [place.anchor for place in one.places] for one in told}


def test_each_answer_leads_to_its_very_place() -> None:
    whole = journals.whole()
    run = str(whole[0]["run"])
    asked = index(*whole)
    assert asked["Tests before the change"] == [f"phase-{run}-preflight"]
    assert asked["Tests after the change"] == [f"phase-{run}-verification"]
    assert asked["Completeness"] == ["G01", "G08"]
    assert asked["Communication"] == ["told"]
    assert asked["Altered since"] == ["verify"]
    bad = [e for e in whole if e.get("step") != "verification.two"]
    bad[-1:-1] = journals.step("verification.two", 80, 90, "failed")
    assert index(*bad)["Tests after the change"][0] == f"step-{run}-verification.two"


@pytest.mark.parametrize("name", PAGES)
def test_every_place_of_the_index_is_on_the_page(name: str) -> None:
    page = PAGES[name]()
    section = page.partition('<section id="index"')[2].partition("</section>")[0]
    links = set(re.findall(r'href="#([^"]+)"', section))
    assert links
    assert links <= set(re.findall(r' id="([^"]+)"', page))
    _, *rows = re.findall(r"<tr><th.*?</tr>", section, re.DOTALL)
    assert [row for row in rows if "#" not in row] == [], "a question that leads nowhere"


def test_accepted_risks_losses_and_open_points_lead_to_each_of_them() -> None:
    *earlier, own = nights.four_runs()
    asked = index(*fivenodes.attempt())
    (risk,) = asked["Accepted risks"]
    assert risk.startswith("finding-resource-disabled-")
    assert asked["Loss of data"] == ["loss-1"]
    assert asked["Open points"][:2] == ["open", "G08"]
    several = index(*own, earlier=[event for run in earlier for event in run])
    assert several["Completeness"][-1] == f"steps-{nights.RUNS[0]}"
