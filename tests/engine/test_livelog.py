"""The log of a long command: shown line by line, kept in part, never more than a bound."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.act import livelog
from engine.act.livelog import LiveLog
from engine.record.redact import Redactor
from engine.secrets import MASK, Secret

VALUE = "Tr0ub4dor&3"


class Shown:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.redactor = Redactor()
        self.redactor.learn(Secret(VALUE))
        self.log = LiveLog(self.pieces.append, "n1:/log", self.redactor)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_what_fits_is_kept_whole_and_in_order(pieces: list[bytes]) -> None:
    shown = Shown()
    for piece in pieces:
        shown.log.feed(piece)
    shown.log.end()
    assert shown.log.kept() == b"".join(pieces)
    assert not shown.log.is_cut


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 40))
def test_of_more_head_and_tail_are_kept(pieces: list[bytes], limit: int) -> None:
    whole = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(livelog, "KEPT", limit)
        shown = Shown()
        for piece in pieces:
            shown.log.feed(piece)
        kept = shown.log.kept()
    if len(whole) <= 2 * limit:
        assert kept == whole
    else:
        missing = f"[... {len(whole) - 2 * limit} bytes are left out here"
        assert kept.startswith(whole[:limit] + b"\n" + missing.encode())
        assert kept.endswith(whole[-limit:])


def test_lines_are_shown_when_they_are_whole() -> None:
    shown = Shown()
    shown.log.feed(b"one\ntw")
    shown.log.pause()
    assert shown.text == "one\n"
    shown.log.feed(b"o\n")
    assert shown.text == "one\ntwo\n"


def test_a_line_without_an_end_is_shown_when_nothing_more_comes() -> None:
    shown = Shown()
    shown.log.feed(b"waiting for ")
    shown.log.pause()
    assert shown.text == ""
    shown.log.pause()
    assert shown.text == "waiting for \n"


def test_a_flood_is_shown_by_its_last_lines() -> None:
    shown = Shown()
    shown.log.feed(b"".join(b"%d\n" % number for number in range(1000)))
    lines = shown.text.splitlines()
    assert lines[0] == "[... 950 lines are not shown; see n1:/log ...]"
    assert lines[1:] == [str(number) for number in range(950, 1000)]


def test_a_long_line_is_shown_by_its_beginning() -> None:
    shown = Shown()
    shown.log.feed(b"x" * 10_000 + b"\n")
    assert shown.text == "x" * 500 + " [...]\n"


def test_memory_is_bounded_whatever_comes() -> None:
    """100 MB in one line: not more than the two kept ends and one piece of a line is held."""
    shown = Shown()
    for _ in range(100):
        shown.log.feed(b"y" * (1 << 20))
    shown.log.end()
    assert len(shown.log.kept()) < 2 * livelog.KEPT + 200
    assert len(shown.log._line) < 1 << 20
    assert len(shown.text) < 200 * 600


def test_a_secret_is_masked_before_the_line_is_cut() -> None:
    shown = Shown()
    shown.log.feed(b"x" * 495 + VALUE.encode() + b"y\n")
    assert shown.text == "x" * 495 + MASK[:5] + " [...]\n"


def test_a_secret_is_masked_where_a_line_is_looked_at_no_further() -> None:
    shown = Shown()
    many = VALUE * (livelog.LOOKED_AT // len(VALUE) + 2)
    shown.log.feed(f"{many}\n".encode())
    assert "Tr0" not in shown.text


def test_a_secret_in_a_line_that_stops_within_it_is_masked() -> None:
    """A command that writes by blocks stops anywhere."""
    shown = Shown()
    pieces = (b"login with Tr0ub", b"4dor&3, password = Hun", b'ter2x, token = "Hun', b'ter 2x"\n')
    for piece in pieces:
        shown.log.feed(piece)
        shown.log.pause()
        shown.log.pause()
    assert shown.text.splitlines() == [
        "login with ",
        f"{MASK}, password = {MASK}",
        ", token = ",
        f'"{MASK}"',
    ]


def test_of_a_line_that_goes_on_the_rest_is_shown() -> None:
    shown = Shown()
    for piece in (b"one ", b"two ", b"", b"three\nfour\n"):
        shown.log.feed(piece)
        shown.log.pause()
        shown.log.pause()
    assert shown.text == "one \ntwo \nthree\nfour\n"


def test_a_line_whose_beginning_reads_otherwise_by_now_is_shown_anew() -> None:
    shown = Shown()
    for piece in (b"\xc3", b"\xa4\n"):
        shown.log.feed(piece)
        shown.log.pause()
        shown.log.pause()
    assert shown.text == "\\xc3\nä\n"


@given(
    st.integers(0, len(VALUE)),
    st.sampled_from([b"", b"x", b"\xc3", b"Tr0", VALUE.encode(), b"y" * 490]),
    st.integers(0, len(VALUE)),
)
def test_a_secret_is_never_shown_however_its_line_comes(
    first: int, before: bytes, second: int
) -> None:
    shown = Shown()
    whole = before + VALUE.encode() + b" after\n"
    cuts = sorted((len(before) + first, len(before) + second))
    for piece in (whole[: cuts[0]], whole[cuts[0] : cuts[1]], whole[cuts[1] :]):
        shown.log.feed(piece)
        shown.log.pause()
        shown.log.pause()
    told = shown.text.replace("\n", "")
    assert not any(VALUE[at : at + 4] in told for at in range(len(VALUE) - 3))


def test_a_flood_is_gone_through_quickly() -> None:
    shown = Shown()
    piece = b"a-password-a-a-a-a-a-a-a-a-a-a-a\n" * 30_000
    begun = time.monotonic()
    for _ in range(50):
        shown.log.feed(piece)
    assert time.monotonic() - begun < 20


def test_bytes_that_are_no_utf_8_are_shown_as_such() -> None:
    shown = Shown()
    shown.log.feed(b"\xff\xfe\x00\n")
    assert shown.text == "\\xff\\xfe\x00\n"


def test_an_output_of_any_size_is_shortened_for_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livelog, "KEPT", 3)
    assert livelog.shortened(b"abcdef") == b"abcdef"
    short = livelog.shortened(b"abcdefgh").decode()
    assert short.startswith("abc\n[... 2 bytes are left out here")
    assert short.endswith("...]\nfgh")
