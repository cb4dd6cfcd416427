"""Nobody is named by the structure of what is told: lengths, moments, names like replacements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.queries.pacemaker import CIB
from engine.snapshot.guard import NotWritten, refuse_names
from engine.snapshot.names import Names, Vocabulary
from runbook.to_4_26.snapshot import questions
from tests.snapshot.recording import Recording, rows_answer
from tests.snapshot.test_snapshot_made import document_of


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


def _capacity(recording: Recording, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    name = questions.HISTOGRAM.name
    place = next(n for n, e in enumerate(recording.events) if e.get("question") == name)
    recording.events[place] = rows_answer(name, *rows)
    found = document_of(recording.archive())["step"]["memories"]["capacity"]
    assert isinstance(found, list)
    return found


def _row(shape: str, literal: str | None = None, kind: str = "text") -> dict[str, Any]:
    told = {"kind": kind, "agent": None, "known": 1, "shape": shape}
    return {**told, "literal": literal, "values_count": 2}


def test_how_long_the_words_of_a_value_are_is_not_told(recording: Recording) -> None:
    shapes = ("aaaaaaaaa99.aaaaaa.aaa 9999", "aaaaa99.aaaaaaaaaa.aaa 9999", "aaa 9")
    found = _capacity(recording, *map(_row, shapes))
    assert [(one["shape"], one["rows"]) for one in found] == [
        ("aaaa99.aaaa.aaa 9999", 4),
        ("aaa 9", 2),
    ]


@pytest.mark.parametrize(
    ("literal", "is_told"),
    [
        ("8192 MB", True),
        ("512MB", True),
        ("16384 MB", True),
        ("1048576 KiB", True),
        ("4711 MB", True),
        ("1234567 GB", False),
        ("47110 MB", False),
    ],
)
def test_a_number_that_is_no_size_of_memory_is_not_told(
    recording: Recording, literal: str, is_told: bool
) -> None:
    (found,) = _capacity(recording, _row("9999 aa", literal, "leading number"))
    assert found["literal"] == (literal if is_told else None)


def test_a_value_whose_shape_is_like_an_address_is_no_reason_to_refuse(
    recording: Recording,
) -> None:
    (found,) = _capacity(recording, _row("99.99.99.99", None, "leading number"))
    assert found["shape"] == "99.99.99.99"


@pytest.mark.parametrize(
    ("name", "date", "told"),
    [
        ("end", "2026-12-03 11:32:38Z", "2026-12-03 11:59:59Z"),
        ("start", "2026-12-03 11:32:38Z", "2026-12-03 11:00:00Z"),
        ("end", "2026-12-03T11:32:38", "2026-12-03T11:59:59"),
        ("end", "2026-12-03", "2026-12-03"),
    ],
)
def test_the_second_of_a_command_is_not_told(
    recording: Recording, name: str, date: str, told: str
) -> None:
    place = next(n for n, e in enumerate(recording.events) if e.get("question") == CIB.name)
    text = recording.events[place]["output"]["text"]
    rule = (
        '<rsc_location id="cli-ban-x" rsc="httpd_group"><rule id="r" score="-INFINITY">'
        f'<date_expression id="d" operation="lt" {name}="{date}"/></rule></rsc_location>'
    )
    altered = text.replace("</constraints>", f"{rule}</constraints>")
    archive = recording.with_text(place, altered).archive()
    last = document_of(archive)["cluster"]["pacemaker"]["constraints"][-1]
    assert last["rules"][0]["date_expressions"][0][name] == told


def test_a_name_that_looks_like_a_replacement_is_looked_for_all_the_same() -> None:
    names = Names(Vocabulary((), (), ()))
    assert names.host("acme-01") == "host-1"
    with pytest.raises(NotWritten, match="held a name that became host-NUMBER"):
        refuse_names({"a": "acme-01"}, names.originals, ())
