"""What a back-out would put back on each node, and where the old files lie."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from engine.model.facts import OLD_FILES
from engine.record.evidence import as_data
from engine.report.audit.index import index_of
from engine.report.audit.old_files import OldFile, in_words, old_files_of
from engine.report.audit.page import render
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import SECOND, N, event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started, step

KEPT = OldFile("/etc/x.conf", "/etc/x.conf.02112026.bak", (N,))
ASIDE = OldFile("/etc/y.conf", "/etc/y.conf.rpmsave", (SECOND,))


def kept(one: OldFile = KEPT) -> dict[str, Any]:
    files = [{"path": one.path, "lies_in": one.lies_in}]
    (node,) = one.nodes
    name = f"{OLD_FILES}{node}"
    return event("fact", 40, step="migration.files", name=name, node=node, files=files)


def aside(lies_in: str = ASIDE.lies_in) -> dict[str, Any]:
    told = kit.finding("rpmnew-foreign", subject=f"{SECOND}:{lies_in}", observed="it lies there")
    return event("finding", 50, step="verification.leftovers", **as_data(told))


def section(*own: dict[str, Any]) -> str:
    found = re.search(r'<section id="backups".*?</section>', render([started(), *own], []), re.S)
    assert found is not None
    return found[0]


def back_out(*own: dict[str, Any]) -> Any:
    events = [started(), *own]
    (one,) = [a for a in index_of(summary_of(events), events) if a.question == "Back-out"]
    return one


def test_what_was_kept_and_what_a_package_moved_aside() -> None:
    assert old_files_of([kept(), aside(), kept()]) == (KEPT, ASIDE)
    # beside the file in use, not what was in its place
    assert old_files_of([aside("/etc/y.conf.rpmnew")]) == ()
    assert old_files_of([aside("/etc/y.conf.rpmorig")])[0].path == "/etc/y.conf"


def test_what_was_cleared_away_since_is_not_put_back() -> None:
    first = of_run(FIRST, [started(), *step("verification.leftovers", 45, 60)])
    first[2:2] = of_run(FIRST, [aside()])
    looked = of_run(SECOND_RUN, [started(), *step("verification.leftovers", 5, 6)], 100)
    assert old_files_of(first) == (ASIDE,)
    assert old_files_of([*first, *looked]) == ()


def test_two_migrations_of_one_file_leave_two_old_ones() -> None:
    later = replace(KEPT, lies_in="/etc/x.conf.03112026.bak")
    assert old_files_of([kept(), kept(later)]) == (KEPT, later)


def test_what_is_so_on_several_nodes_is_told_once() -> None:
    other = replace(KEPT, nodes=(SECOND,))
    (both,) = old_files_of([kept(), kept(other), kept()])
    assert both == replace(KEPT, nodes=(N, SECOND))
    assert in_words([both]) == f"{KEPT.path} from {KEPT.lies_in} on {N}, {SECOND}"


def test_the_row_names_them_with_their_nodes_and_leads_to_them() -> None:
    told = back_out(kept(), aside())
    assert told.answer == (
        "named by the operator: snapshots of all nodes; put old files back:"
        f" {KEPT.path} from {KEPT.lies_in} on {N};"
        f" {ASIDE.path} from {ASIDE.lies_in} on {SECOND}"
    )
    assert "old-files" in [place.anchor for place in told.places]
    assert "old files" not in back_out().answer
    assert in_words([]) == ""


def test_the_section_has_them_or_says_that_none_is_on_record() -> None:
    text = section(kept(), aside())
    assert f"<code>{KEPT.path}</code> from <code>{KEPT.lies_in}</code> on {N}" in text
    assert f"<code>{ASIDE.path}</code> from <code>{ASIDE.lies_in}</code> on {SECOND}" in text
    assert 'id="old-files"' in text
    assert "No old file to put back is on record." in section()
