"""Each single thing in which a twin differs is named, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.proving import table
from tests.proving.results import ROOT, Result
from tests.proving.runner import Proof
from tests.twins.__main__ import PAGE, start
from tests.twins.course import Course, differences
from tests.twins.drawing import drawn, name_of
from tests.twins.edits import DELIBERATE
from tests.twins.kind import pairs
from tests.twins.pair import columns_of, problem_of

Events = list[dict[str, Any]]
N, OTHER = "a01.neteyelocal", "a02.neteyelocal"
LOSS = {"of": "ocsweb.memories.CAPACITY", "what": "texts", "count": 5, "total": 90}


def finding(code: str, subject: str, step: str, severity: str = "warn") -> dict[str, Any]:
    known = {"event": "finding", "severity": severity, "observed": "x"}
    return {**known, "code": code, "subject": subject, "step": step}


def events() -> Events:
    return [
        {
            "event": "run-started",
            "cluster": "a.example.test",
            "nodes": {N: "operative", OTHER: "operative", "a03.neteyelocal": "elastic_only"},
        },
        finding("updates-pending", N, "preflight.updates"),
        finding("updates-pending", N, "preflight.updates"),
        finding("ocs-merge-undecided", f"/etc/x on {OTHER}", f"migration.files[1][{OTHER}]"),
        finding("active-node-load", N, "preflight.capacity_of_n"),
        finding("told-only", N, "preflight.updates", "info"),
        {"event": "fact", "name": "conflicts-1", "step": "upgrade.stop[1]"}
        | {"files": {OTHER: ["/etc/x.rpmnew"]}},
        {"event": "loss", "step": "verification.memories", "state": "observed", **LOSS},
        {"event": "intent", "step": "upgrade.run[1]", "node": N, "detached": "upgrade-1"}
        | {"what": "neteye upgrade"},
        {"event": "intent", "step": f"failover.proof[{OTHER}]", "node": N, "detached": None}
        | {"what": f"pcs resource move httpd_group {OTHER} of a.example.test 20261201"},
    ]


def course(found: Events | None = None, code: int = 0) -> Course:
    made = Course()
    made.add("run", code, events() if found is None else found)
    return made


def other_cluster() -> Events:
    """The same of a cluster whose nodes have other names."""
    text = (
        repr(events()).replace("a.example.test", "b.example.test").replace("20261201", "77777777")
    )
    for number in (1, 2, 3):
        text = text.replace(f"a0{number}.neteyelocal", f"site-{number}.neteyelocal")
    found: Events = ast.literal_eval(text)
    return found


def told(found: Events, code: int = 0) -> list[str]:
    return [one.in_words for one in differences(course(), course(found, code))]


def test_clusters_of_other_names_with_the_same_course_do_not_differ() -> None:
    assert told(other_cluster()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: e.pop(1) and e.pop(1), "finding updates-pending (warn) on operative 1"),
        (lambda e: e[3].update(code="x"), "question of the merge ocs-merge-undecided"),
        (lambda e: e[1].update(severity="block"), "finding updates-pending (block)"),
        (lambda e: e[1].update(subject=OTHER), "finding updates-pending (warn) on operative 2"),
        (lambda e: e[1].update(step="x.y"), "x.y: finding updates-pending"),
        (
            lambda e: e[6]["files"].update({N: ["/etc/x.rpmnew"]}),
            "planned stop /etc/x.rpmnew on op",
        ),
        (lambda e: e[6]["files"].update({OTHER: ["/y"]}), "planned stop /y on operative 2"),
        (lambda e: e[7].update(count=6), "CAPACITY, texts, observed: 6 of 90"),
        (lambda e: e.append(dict(e[8], detached="upgrade-2")), "round upgrade on operative 1"),
        (lambda e: e[9].update(what="reboot"), "failover.proof: change reboot on operative 1"),
        (lambda e: e[9].update(node=OTHER), "change pcs resource move httpd_group operative 2"),
    ],
)
def test_each_single_difference_is_named(change: Callable[[Events], object], words: str) -> None:
    found = events()
    change(found)
    named = told(found)
    assert any(words in one for one in named), named
    assert len(named) <= 2, "what came instead is named as well, and nothing else"


def test_another_end_is_named() -> None:
    assert told(events(), code=11) == [
        "run, end with exit code 0: 1 in the cluster, 0 in its twin",
        "run, end with exit code 11: 0 in the cluster, 1 in its twin",
    ]


def test_what_is_of_the_moment_is_left_out_and_told() -> None:
    found = [event for event in events() if event.get("code") != "active-node-load"]
    assert told(found) == []
    assert course().apart == {"active-node-load": 1}


def test_a_pair_is_red_when_its_twin_differs_or_what_was_changed_is_not_named() -> None:
    changed = events()
    changed[1].update(code="resource-disabled")
    changed[2].update(code="resource-disabled")
    found = differences(course(), course(changed))
    assert "resource-disabled" in problem_of(None, found)
    assert problem_of(None, []) == ""
    disabled, leftover, _ = DELIBERATE
    assert problem_of(disabled, found) == ""
    assert problem_of(leftover, found).startswith("foreign-rpmnew is not among what differs (run,")
    assert problem_of(leftover, []).endswith("what differs (nothing)")


def test_the_page_says_what_was_compared_and_what_differs() -> None:
    one = replace(drawn(1, 1), deliberate=DELIBERATE[0])
    found = differences(course(), course(events(), 11))
    columns = columns_of(one, course(), course(events(), 11), found)
    assert columns["cluster"] == one.in_words
    assert columns["compared"] == (
        "plans and runs: 1 findings, 1 files at planned stops, 1 questions of the merge,"
        " 1 counts of NULL, 1 rounds, 2 changes"
    )
    assert columns["left out"] == "active-node-load"
    assert columns["changed afterwards"] == "another-resource-disabled"
    assert "exit code 11: 0 in the cluster, 1 in its twin" in columns["differs"]
    kind = pairs(1, 1)
    result = Result(name_of(1, 1), True, "2026-12-01T10:00:00", 300.0, columns)
    page = table.page("ab" * 20, [(kind, {result.name: result})], PAGE)
    assert page.startswith("# Clusters and their twins\n")
    assert "| seed-1-pair-1 | " in page
    assert "`active-node-load`: how busy" in page
    with pytest.raises(ValueError, match="not green"):
        table.page("ab" * 20, [(pairs(1, 2), {result.name: result})], PAGE)


@pytest.mark.parametrize("words", [("--pairs", "0"), ("--seed", "x"), ("--only", "99")])
def test_words_that_are_none_are_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.twins.__main__.remove_leftovers", lambda: None)
    assert start([*words, "--list"]) == 4
    assert capsys.readouterr().err


@pytest.mark.parametrize(("number", "is_written"), [(20, True), (3, False)])
def test_a_page_has_twenty_pairs(number: int, is_written: bool) -> None:
    kind = pairs(1, number)
    proof = Proof.of([kind], "twins", ROOT, PAGE)
    assert proof.is_whole is is_written


def test_some_are_chosen_by_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.twins.__main__.remove_leftovers", lambda: None)
    assert start(["--seed", "5", "--only", "3,7", "--list"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == [
        *("seed-5-pair-3", "seed-5-pair-7"),
    ]
