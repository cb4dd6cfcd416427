"""Passwords as the auditor reads them: what became of them, where, old copies; never a value."""

from __future__ import annotations

import re
from typing import Any

from engine.model.facts import PASSWORD
from engine.report.audit.page import render
from engine.report.audit.passwords import passwords_of
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals
from tests.evidence.test_backups import WAY

OLD_COPY = {"node": SECOND, "path": "/etc/x.bak", "owner": "root", "group": "apache",
            "mode": "0640", "note": "not looked into"}  # fmt: skip


def fact(**fields: Any) -> dict[str, Any]:
    plain = {
        "of": "password of the database",
        "what": "Moved.",
        "lies_in": [{"node": N, "path": "/etc/x"}],
        "old_copies": [OLD_COPY],
        "searched": "/etc/x* on all nodes",
    }
    return event("fact", 40, step="x", name=PASSWORD, **{**plain, **fields})


def section(*own: dict[str, Any], **begun: Any) -> str:
    text = render([journals.started(**begun), *own], [])
    found = re.search(r'<section id="passwords".*?</section>', text, re.S)
    assert found is not None
    return found[0]


def test_where_it_lies_and_which_copies_remain() -> None:
    text = section(fact())
    for said in (
        *(
            "password of the database",
            "Moved.",
            f'<code>/etc/x</code> on <abbr title="{N}">neteye01</abbr>',
            "/etc/x.bak",
        ),
        *("root apache 0640", "not looked into", "/etc/x* on all nodes"),
    ):
        assert said in text, said


def test_copies_that_are_alike_on_several_nodes_are_told_once() -> None:
    (one,) = passwords_of([fact(old_copies=[OLD_COPY, {**OLD_COPY, "node": N}])])
    (copy,) = one.old_copies
    assert copy.nodes == (SECOND, N)
    other = {**OLD_COPY, "node": N, "mode": "0644"}
    assert len(passwords_of([fact(old_copies=[OLD_COPY, other])])[0].old_copies) == 2


def test_not_found_and_not_looked_for_are_different_words() -> None:
    assert "none was found." in section(fact(old_copies=[]))
    unsought = section(fact(old_copies=[], searched=""))
    assert 'not looked for, which <a href="#limits">is not covered</a>.' in unsought


def test_a_later_look_takes_the_place_of_the_earlier_one() -> None:
    (one,) = passwords_of([fact(what="Written."), fact()])
    assert one.what == "Moved."
    assert len(passwords_of([fact(), fact(of="another one")])) == 2


def test_none_and_not_recorded() -> None:
    assert "None is on record." in section(reached=WAY)
    assert "Not recorded (older runbook)." in section()
