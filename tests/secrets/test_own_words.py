"""Masking eats none of our own words: neither texts, nor steps, subjects and questions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.steps import mark_of
from engine.record.redact import Redactor
from runbook.to_4_26.release import RELEASE
from tests.judge.test_policy_ways import ROOT, sentences
from tests.phases import step_modules

PATTERNS = {"redact.py", "masking.py", "inventory_values.py"}
"""These hold patterns of what is masked."""
MODULES = sorted(
    path
    for path in (*ROOT.glob("engine/**/*.py"), *ROOT.glob("runbook/**/*.py"))
    if path.name not in PATTERNS and path.name != "__main__.py"
)


def steps() -> list[str]:
    names = []
    for module in step_modules():
        marks = (mark_of(value) for value in vars(module).values() if callable(value))
        names += [mark.name for mark in marks if mark is not None]
    return names


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    made = Redactor()
    made.know(*RELEASE.phrases, *steps())
    return made


def given(path: Path, *words: str) -> Iterator[str]:
    """The plain texts that are given as one of these arguments."""
    for call in ast.walk(ast.parse(path.read_text())):
        for keyword in getattr(call, "keywords", ()):
            value = getattr(keyword.value, "value", None)
            if keyword.arg in words and isinstance(value, str):
                yield value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_of_ours_loses_a_word(path: Path, redactor: Redactor) -> None:
    # something that is known at run time only stands where a text has a gap
    texts = [re.sub(r"(?<=[:=])(?=\\s|$)", " X", text) for text in sentences(path)]
    assert [text for text in texts if redactor.clean_output(text) != text] == []


def test_what_is_said_of_a_subject_a_step_or_a_question_is_whole(redactor: Redactor) -> None:
    questions = {name for path in MODULES for name in given(path, "name")}
    subjects = {name for path in MODULES for name in given(path, "subject")}
    named = {*steps(), *RELEASE.phrases, *subjects, *questions}
    said = [f"{name}: The text" for name in named]
    said += [f"--accept 'code@{name}=REASON' --by NAME" for name in named]
    said += [f"no answer to {name!r}: why" for name in questions]
    assert len(named) > 100
    assert [text for text in said if redactor.clean_output(text) != text] == []
