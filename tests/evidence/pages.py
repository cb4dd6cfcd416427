"""The auditor's page of every made-up attempt."""

from __future__ import annotations

from engine.report.audit.page import render
from tests.evidence import fivenodes, journals, nights


def _several() -> str:
    earlier, own = journals.several()
    return render(own, earlier)


def _four_nights() -> str:
    *earlier, own = nights.four_runs()
    return render(own, [event for run in earlier for event in run])


def _five_nodes_four_runs() -> str:
    earlier, own = fivenodes.four_runs()
    return render(own, earlier)


SMALL = {
    "whole": lambda: render(journals.whole(), []),
    "several runs": _several,
    "killed": lambda: render(journals.whole()[:14], []),
}
PAGES = {
    **SMALL,
    "just begun": lambda: render([journals.started()], []),
    "four nights": _four_nights,
    "five nodes": lambda: render(fivenodes.attempt(), []),
    "five nodes, four runs": _five_nodes_four_runs,
}
