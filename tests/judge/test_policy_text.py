"""How spans and sizes are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.judge.text import duration


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (-61, "-1 min 01 s"),
        (146, "2 min 26 s"),
        (600, "10 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_a_duration(seconds: int, told: str) -> None:
    assert duration(timedelta(seconds=seconds)) == told
