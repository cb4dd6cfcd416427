"""The auditor's page of every made-up attempt."""

from __future__ import annotations

from dataclasses import replace

from engine.model.prediction import Act, Counted, Passage, Seen, Waiting, as_data
from engine.record.course import UpgradeCourse
from engine.report.audit.page import render
from engine.report.predicted import first_seen
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


def _five_nodes_otherwise() -> str:
    """Beside a prediction of an upgrade that went otherwise in its first forty steps."""
    events = fivenodes.attempt()
    course = UpgradeCourse.of(events)
    made = course.prediction
    others = tuple(
        Passage(
            step,
            acts=(Act("operative 2", f"set aside /etc/httpd/conf.d/module-{number}.conf"),),
            seen=(Seen(f"cause-{number}", "operative 3", 2), Seen("odd", "elastic-only 1")),
            waiting=(Waiting(f"/etc/httpd/conf.d/module-{number}.conf.rpmnew", "operative 2"),),
            counted=(Counted("ocsweb.memories", "no integers", "observed", 40 + number, 900),),
        )
        for number, (step, place) in enumerate([*course.ended][:40])
        if not place
    )
    prediction = replace(
        made,
        active=2,
        passages=(*others, *made.passages[4:]),
        apart=("preflight.governance", "active-node-load"),
        left_out=1,
    )
    first = first_seen(prediction, events)
    assert first is not None
    of = {"run": events[0]["run"], "step": "preflight.normal", "time": first.when}
    told = {**of, "event": "predicted", "of": "20261120T010203Z-twin-0001"}
    differs = {
        "kind": "finding",
        "how": "not predicted",
        "what": "resource-disabled",
        "predicted": "",
        "happened": "",
    }
    deviation = {**of, "event": "deviation", "of": "preflight.normal", "place": "", "node": ""}
    more = [
        {**told, "prediction": as_data(prediction)},
        {**deviation, **differs, "warns": True},
    ]
    return render([events[0], *more, *events[1:]], [])


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
    "five nodes, otherwise": _five_nodes_otherwise,
}
