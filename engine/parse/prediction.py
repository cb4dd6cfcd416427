"""What a rehearsal predicts, as its statement and a journal have it -> a value."""

from __future__ import annotations

from engine.model.prediction import Act, Counted, Passage, Prediction, Seen, Waiting
from engine.parse.fields import Fields


def prediction_of(told: Fields) -> Prediction:
    """Raises ParseError for anything but a prediction as `as_data` writes it."""
    return Prediction(
        nodes=_numbers(told, "nodes"),
        active=told.number("active"),
        passages=tuple(_passage(one) for one in told.objects("passages")),
        times=_numbers(told, "times"),
        questions=told.texts("questions"),
        apart=told.texts("apart"),
        left_out=told.number("left_out"),
    )


def _numbers(told: Fields, key: str) -> dict[str, int]:
    entry = told.entry(key)
    return {name: entry.number(name) for name in entry.keys}


def _passage(told: Fields) -> Passage:
    return Passage(
        step=told.text("step", **_MAY),
        place=told.text("place", **_MAY),
        acts=tuple(
            Act(one.text("place", **_MAY), one.text("what"), one.text("command", **_MAY))
            for one in told.objects("acts", required=False)
        ),
        seen=tuple(
            Seen(one.text("code"), one.text("place", **_MAY), one.number("count"))
            for one in told.objects("seen", required=False)
        ),
        waiting=tuple(
            Waiting(one.text("file"), one.text("place", **_MAY))
            for one in told.objects("waiting", required=False)
        ),
        counted=tuple(
            Counted(
                of=one.text("of"),
                what=one.text("what"),
                state=one.text("state"),
                count=one.number("count"),
                total=one.number("total"),
            )
            for one in told.objects("counted", required=False)
        ),
    )


_MAY = {"may_be_empty": True}
