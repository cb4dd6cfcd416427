"""Acceptances: who takes which finding upon himself, and why."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.model.finding import Acceptance
from engine.model.visible import is_blank
from engine.parse.acceptance import parse_acceptance


@pytest.mark.parametrize(
    ("text", "code", "subject", "reason"),
    [
        ("capacity-dirty=agents follow in May", "capacity-dirty", None, "agents follow in May"),
        ("disk-space@neteye02.lan=grown tonight", "disk-space", "neteye02.lan", "grown tonight"),
        ("drbd-disk@mariadb = a=b, see CHG-7", "drbd-disk", "mariadb", "a=b, see CHG-7"),
        ("rpmnew@/etc/a@b.conf=known", "rpmnew", "/etc/a@b.conf", "known"),
    ],
)
def test_acceptance(text: str, code: str, subject: str | None, reason: str) -> None:
    assert parse_acceptance(text, " A. Rossi ") == Acceptance(code, subject, reason, "A. Rossi")


@pytest.mark.parametrize(
    ("text", "by", "message"),
    [
        ("", "A", "acceptance '': expected CODE[@SUBJECT]=REASON with the code of a finding"),
        ("disk-space", "A", "expected CODE[@SUBJECT]=REASON"),
        ("Disk Space=x", "A", "expected CODE[@SUBJECT]=REASON"),
        ("@neteye01=x", "A", "expected CODE[@SUBJECT]=REASON"),
        ("disk-space=", "A", "no reason, expected CODE[@SUBJECT]=REASON"),
        ("disk-space@n1= ", "A", "no reason"),
        ("disk-space@=x", "A", "no subject after '@'"),
        ("disk-space=x", "", "nobody accepts it, expected a name with --by"),
        ("disk-space=x", "  ", "nobody accepts it"),
        ("disk-space=x", "\u200b\u2060\ufeff", "nobody accepts it"),
        ("disk-space=x", "\u3164\u00ad\ufe0f", "nobody accepts it"),
        ("disk-space=\u200b \u200d", "A", "no reason"),
        ("disk-space=\u200b until 2026-12-31", "A", "no reason"),
        ("disk-space=x", "A\udcff", "it is not UTF-8"),
        ("disk-space=x\udcff", "A", "it is not UTF-8"),
    ],
)
def test_incomplete_acceptance_is_a_usage_error(text: str, by: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_acceptance(text, by)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "kept", "until"),
    [
        ("moved by CAB until 2026-12-31", "moved by CAB", date(2026, 12, 31)),
        ("moved  Until 2026-02-28", "moved", date(2026, 2, 28)),
        ("off until further notice", "off until further notice", None),
        ("not before 2026-12-31", "not before 2026-12-31", None),
        ("untiled 2026-12-31", "untiled 2026-12-31", None),
    ],
)
def test_a_reason_may_end_in_the_last_day(reason: str, kept: str, until: date | None) -> None:
    expected = Acceptance("disk-space", "n1", kept, "A", until)
    assert parse_acceptance(f"disk-space@n1={reason}", "A") == expected


@pytest.mark.parametrize(
    "day",
    ["Monday", "2026-02-30", "2026-12-31.", "31.12.2026", "3 May", "2026-12-31 18:00", "2026"],
)
def test_an_end_that_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(UsageError, match=r"is no end .*, expected `until YYYY-MM-DD`"):
        parse_acceptance(f"disk-space=off until {day}", "A")


def test_an_end_alone_is_no_reason() -> None:
    with pytest.raises(UsageError, match="no reason"):
        parse_acceptance("disk-space=until 2026-12-31", "A")


CODES = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)
WORDS = (
    st.text(min_size=1)
    .map(str.strip)
    .filter(lambda word: not is_blank(word) and "until" not in word.lower())
)


@given(CODES, st.none() | WORDS.filter(lambda word: "=" not in word), WORDS, WORDS)
def test_render_and_parse(code: str, subject: str | None, reason: str, by: str) -> None:
    text = f"{code}@{subject}={reason}" if subject else f"{code}={reason}"
    assert parse_acceptance(text, by) == Acceptance(code, subject, reason, by)
