"""Which machines answered, by machine id and host key; whether they were the same in all runs."""

from __future__ import annotations

import re
from typing import Any

from engine.report.audit.index import index_of
from engine.report.audit.machines import Machine, machines_of
from engine.report.audit.page import render
from engine.report.summary import summary_of
from tests.engine.kit import SECOND, N
from tests.evidence import journals
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started
from tests.evidence.schemas import problems
from tests.evidence.test_people import HOST_KEY, OTHER_KEY, login
from tests.plugin.kit import CHANGE, CLOSING, NODES, Project

pytest_plugins = "pytester"

ID, OTHER_ID = "a" * 32, "b" * 32


def keyed(key: str = HOST_KEY, kind: str = "ssh-ed25519", **fields: Any) -> dict[str, Any]:
    return login(host_key=key, host_key_type=kind, **fields)


def test_a_machine_has_its_name_its_id_and_its_key() -> None:
    begun = started(nodes={N: "operative"})
    assert machines_of([begun, journals.machines(N), keyed()]) == [
        Machine(N, (N,), (ID,), (f"ssh-ed25519 {HOST_KEY}",))
    ]


def test_a_node_that_did_not_answer_has_none() -> None:
    first, second = machines_of([started(), journals.machines(N), keyed()])
    assert (first.node, second.node) == (N, SECOND)
    assert second == Machine(SECOND)
    assert not second.differs


def test_an_older_journal_tells_nothing() -> None:
    assert machines_of([started(), login()]) == []


def two_runs(*then: Any) -> list[dict[str, Any]]:
    nodes = {N: "operative"}
    first = of_run(FIRST, [started(nodes=nodes), journals.machines(N), keyed()])
    return [*first, *of_run(SECOND_RUN, [started(nodes=nodes), *then])]


def test_another_machine_id_under_the_same_name_is_told() -> None:
    (one,) = machines_of(two_runs(journals.machines(N, machine_id=OTHER_ID), keyed()))
    assert one.differs == f"machine ids {ID} (run 1), {OTHER_ID} (run 2)"


def test_another_host_key_under_the_same_name_is_told() -> None:
    (one,) = machines_of(two_runs(journals.machines(N), keyed(OTHER_KEY)))
    assert one.differs == f"ssh-ed25519 keys {HOST_KEY} (run 1), {OTHER_KEY} (run 2)"


def test_another_kind_of_key_is_no_other_machine() -> None:
    """A server has one of each kind; which one it shows, the client decides."""
    (one,) = machines_of(two_runs(journals.machines(N), keyed(OTHER_KEY, "ecdsa-sha2-nistp256")))
    assert (one.differs, len(one.keys)) == ("", 2)
    # of an older runbook's login the kind is not known
    (one,) = machines_of(two_runs(journals.machines(N), login(host_key=OTHER_KEY)))
    assert one.differs == ""


def section(events: list[dict[str, Any]]) -> str:
    text = re.search(r'<section id="people">.*?</section>', render(events, []), re.S)
    assert text is not None
    return text[0]


def test_the_page_has_them_and_what_differs_in_red() -> None:
    whole = [*journals.whole()]
    whole[1:1] = [journals.machines(N, SECOND), keyed(), keyed(node=SECOND)]
    text = section(whole)
    assert f"ssh-ed25519 {HOST_KEY}" in text
    assert ID in text
    assert 'class="missing"' not in text.partition('id="machines"')[2].partition("<h3>")[0]
    whole[2:2] = [journals.machines(N, machine_id=OTHER_ID)]
    text = section(whole).partition('id="machines"')[2].partition("<h3>")[0]
    assert re.search(f'<strong class="missing">[^<]*{OTHER_ID}', text)


def answer(events: list[dict[str, Any]]) -> Any:
    found = index_of(summary_of(events), events)
    return next(one for one in found if one.question == "Machines")


def test_the_audit_asks_for_them() -> None:
    whole = journals.whole()
    assert answer(whole).missing == "which machines answered is not on record (older runbook)"
    whole[1:1] = [journals.machines(N, SECOND), keyed(), keyed(node=SECOND)]
    assert answer(whole).missing == ""
    assert "2 of 2" in answer(whole).answer
    whole[2:2] = [journals.machines(N, machine_id=OTHER_ID)]
    assert N in answer(whole).missing


def test_a_run_records_which_machines_answered(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run("--plan")
    (told,) = project.events("machines")
    assert set(told["machines"]) == set(NODES)
    assert all(len(one["machine_id"]) == 32 for one in told["machines"].values())
    assert {one["hostname"] for one in told["machines"].values()} == set(NODES)
    assert problems("journal", told) == []
