"""The columns of the standards: a word for each question, and no question that nobody asks."""

from __future__ import annotations

import re

from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.audit.standards import COLUMNS, NOTE, SERVES
from engine.report.summary import summary_of
from tests.evidence import journals


def test_every_question_has_its_words_and_no_other() -> None:
    whole = journals.whole()
    questions = [one.question for one in index_of(summary_of(whole), whole)]
    assert questions == list(SERVES)
    assert all(any(served.words) for served in SERVES.values())


def test_each_clause_is_served() -> None:
    """PCI DSS 6.5.1 asks for reason, approval, tests and a way back; the others for more."""
    for column, least in zip(range(3), (9, 9, 6), strict=True):
        assert sum(bool(served.words[column]) for served in SERVES.values()) >= least
    pci = {question for question, served in SERVES.items() if served.pci}
    assert {"Reason of the change", "Approval", "Tests after the change", "Back-out"} <= pci


def test_they_are_on_the_page_with_their_titles() -> None:
    text = render(journals.whole(), [])
    section = text.partition('<section id="index"')[2].partition("</section>")[0]
    for title in COLUMNS:
        assert f">{title}</th>" in section
        assert len(re.findall(f'data-label="{re.escape(title)}"', section)) == len(SERVES)
    assert NOTE.partition("'")[0] in section
