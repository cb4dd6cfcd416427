"""Acceptances: who takes which finding upon himself, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.model.finding import Acceptance
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
    ],
)
def test_incomplete_acceptance_is_a_usage_error(text: str, by: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_acceptance(text, by)
    assert message in str(caught.value)


CODES = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)
WORDS = st.text(min_size=1).map(str.strip).filter(bool)


@given(CODES, st.none() | WORDS.filter(lambda word: "=" not in word), WORDS, WORDS)
def test_render_and_parse(code: str, subject: str | None, reason: str, by: str) -> None:
    text = f"{code}@{subject}={reason}" if subject else f"{code}={reason}"
    assert parse_acceptance(text, by) == Acceptance(code, subject, reason, by)
