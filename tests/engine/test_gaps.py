"""What is measured of a service, told in words, with the address at which it is asked."""

from __future__ import annotations

import pytest

from engine.record.gaps import seen_now, sentence, totals_of
from tests.engine.kit import event
from tests.evidence import journals

WAY = "http://192.0.2.10:80/"
WATCHED = journals.watched(10, 98, "httpd")


@pytest.mark.parametrize(
    ("until", "seen"),
    [
        (0, ""),
        (1, ""),  # asked, and no answer yet
        (2, f"{WAY}: answers"),
        (3, f"{WAY}: no answer since 2026-11-02T00:00:13Z (Connection refused)"),
        (4, f"{WAY}: answers"),
        (5, ""),  # the measurement is over
    ],
)
def test_how_a_service_looks_now_is_told_with_its_address(until: int, seen: str) -> None:
    assert seen_now(WATCHED[:until], "httpd") == seen
    assert seen_now(WATCHED[:until], "another") == ""


def test_a_way_that_is_lost_is_no_gap_of_the_service() -> None:
    began = {**WATCHED[2], "unseen": True}
    assert "not seen since" in seen_now([*WATCHED[:2], began], "httpd")


def test_totals_are_told_with_the_address() -> None:
    assert sentence(totals_of([event("run-started"), *WATCHED])) == f"httpd ({WAY}) 1 gap, 2 s"
