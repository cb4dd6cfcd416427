"""What leaves the house is masked by its shape, too."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.record.redact import Redactor
from engine.secrets import MASK, Secret
from engine.support.masking import masked

CAPTURED = Path(__file__).parents[1] / "data" / "captured"


def of(text: str) -> str:
    return masked(text, Redactor().clean_output)


@pytest.mark.parametrize(
    "text",
    [
        "snmp_community = hunter22",
        "psk: hunter22",
        'aws_access_key="hunter22"',
        "Aug 01 sudo[7]: root : COMMAND=/usr/bin/mysql -u root -phunter22 ocsweb",
        "mysqldump --single-transaction -p'hunter22' ocsweb",
        "fence_ipmilan --password hunter22 -a 192.0.2.9",
        "neteye --token=hunter22",
        "curl -u admin:hunter22 https://host/",
        "Authorization: Basic aHVudGVyMjI=hunter22",
        "> authorization: hunter22",
        "got Bearer hunter22.abc",
        "CREATE USER ocs IDENTIFIED BY 'hunter22'",
        "db_password: hunter22",
        "https://user:hunter22@host/",
        '<nvpair name="passwd" value="hunter22"/>',
        "-----BEGIN RSA PRIVATE KEY-----\nhunter22\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter22 and no end",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "hunter22" not in of(f"before\n{text}\n")
    assert MASK in of(text)
    assert of(f"before\n{text}").startswith("before\n")


def test_what_was_learnt_is_masked() -> None:
    redactor = Redactor()
    redactor.learn(Secret("plain words"))
    assert masked("as plain words", redactor.clean_output) == f"as {MASK}"


@pytest.mark.parametrize("path", sorted(CAPTURED.glob("healthy.*")), ids=lambda path: path.name)
def test_what_is_no_secret_stays_readable(path: Path) -> None:
    text = path.read_text(errors="replace")
    assert of(text) == text


def test_control_characters_are_written_out() -> None:
    assert of("a\x1b[31mred\x07\r\nb\tc") == "a\\x1b[31mred\\x07\\x0d\nb\tc"


@pytest.mark.parametrize(
    "word", ["a-", "mysql ", "-p ", "key_", "-----BEGIN PRIVATE KEY-----", "<"]
)
def test_masking_takes_no_longer_than_the_text_is_long(word: str) -> None:
    begun = time.monotonic()
    of(word * (200_000 // len(word)))
    assert time.monotonic() - begun < 5
