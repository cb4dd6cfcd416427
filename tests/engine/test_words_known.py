"""The words of an argument are made out once; those of standard input are not kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.transport import words as module
from tests.engine.test_transport_firewall import GUARD


@pytest.fixture
def made_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts whose words were made out."""
    texts: list[str] = []
    make_out = module._of

    def noted(text: str) -> Iterator[str]:
        texts.append(text)
        return make_out(text)

    monkeypatch.setattr(module, "_of", noted)
    return texts


def test_of_the_same_question_to_each_node_they_are_made_out_once(made_out: list[str]) -> None:
    question = ["sh", "-c", "rpm -q neteye-setup # test_words_known"]
    for node in ("n1", "n2", "e1"):
        GUARD.check(node, question)
    assert made_out.count(question[2]) == 1


def test_of_standard_input_nothing_is_kept(made_out: list[str]) -> None:
    for node in ("n1", "n2"):
        GUARD.check(node, ["sh"], b"password test_words_known")
    assert made_out.count("password test_words_known") == 2
