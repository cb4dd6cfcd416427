"""Masking: by what was learnt in every form it is likely to be printed in, and by name."""

from __future__ import annotations

import base64
import shlex
import time
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.record.redact import _NAMED, Redactor
from engine.secrets import MASK, Secret

CAPTURED = Path(__file__).parents[1] / "data" / "captured"
VALUE = "p&ss wörd'/\"<1>\\"


def knowing(*values: str) -> Redactor:
    redactor = Redactor()
    redactor.learn(*(Secret(value) for value in values))
    return redactor


FORMS = {
    "plain": VALUE,
    "url": quote(VALUE, safe=""),
    "url path": quote(VALUE),
    "form field": quote_plus(VALUE),
    "HTML": "p&amp;ss wörd&#x27;/&quot;&lt;1&gt;\\",
    "JSON": "p&ss w\\u00f6rd'/\\\"<1>\\\\",
    "shell": shlex.quote(VALUE),
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "base64 of URLs": base64.urlsafe_b64encode(VALUE.encode()).decode(),
    "base64 unpadded": base64.b64encode(VALUE.encode()).decode().rstrip("="),
    "url, small letters": "p%26ss%20w%c3%b6rd%27%2f%22%3c1%3e%5c",
    "form field, small letters": "p%26ss+w%c3%b6rd%27%2f%22%3c1%3e%5c",
    "url of JavaScript": "p%26ss%20w%C3%B6rd'%2F%22%3C1%3E%5C",
    "whole url of JavaScript": "p&ss%20w%C3%B6rd'/%22%3C1%3E%5C",
    "hex": VALUE.encode().hex(),
    "HEX": VALUE.encode().hex().upper(),
    "single-quoted": VALUE.replace("\\", "\\\\").replace("'", "\\'"),
    "double-quoted": VALUE.replace("\\", "\\\\").replace('"', '\\"'),
    "all quotes quoted": VALUE.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"'),
    "quotes quoted only": VALUE.replace("'", "\\'"),
    "shell, by hand": VALUE.replace("'", "'\\''"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_learnt_secret_is_masked_in_each_form(form: str) -> None:
    cleaned = knowing(VALUE).clean(f"before {FORMS[form]} after")
    assert FORMS[form] not in cleaned
    assert cleaned.replace("'", "") == f"before {MASK} after"


BYTES = st.binary(max_size=7)
# a mask in a secret would be found again in what is masked
TEXT = st.text(st.characters(exclude_characters="*\n", exclude_categories=["Cs"]), max_size=20)
ENCODERS = {
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64 of URLs": lambda raw: base64.urlsafe_b64encode(raw).decode(),
    "unpadded": lambda raw: base64.b64encode(raw).decode().rstrip("="),
    "hex": bytes.hex,
    "HEX": lambda raw: raw.hex().upper(),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@given(before=BYTES, secret=TEXT.filter(lambda text: len(text) >= 7), after=BYTES)
def test_a_secret_is_masked_wherever_it_stands_in_what_is_encoded(
    encoder: str, before: bytes, secret: str, after: bytes
) -> None:
    """`user:secret` of a Basic login, or `secret` with the end of its line."""
    encode = ENCODERS[encoder]
    encoded = encode(before + secret.encode() + after)
    cleaned = knowing(secret).clean(encoded)
    head, mask, tail = cleaned.partition(MASK)
    assert mask
    # a character of base64 belongs to two of what is encoded: one more is left on each side
    assert len(head) <= len(encode(before).rstrip("=")) + 1
    assert len(tail) <= len(encode(after)) + 4


def test_a_form_too_short_to_be_told_from_other_words_is_left() -> None:
    text = "dGVzd was there"
    assert knowing("test").clean(text) == text


def test_secrets_in_secrets_leave_no_rest() -> None:
    assert knowing("abcd", "abcdefgh").clean("abcdefgh abcd") == f"{MASK} {MASK}"


def test_nothing_learnt_nothing_masked() -> None:
    assert Redactor().clean("as it is") == "as it is"


def test_very_short_values_are_not_masked_everywhere() -> None:
    redactor = knowing("abc", "")
    assert redactor.clean("abc of abcissa") == "abc of abcissa"
    assert redactor.clean_output("password = abc") == f"password = {MASK}"


OWN = "preflight.ocs_passwords"
SUBJECT = "OCS database password"


@pytest.mark.parametrize(
    "text",
    [
        f"[3/60  0:00:01]  {OWN}: The same password in both files.",
        f"{OWN} found ocs-passwords-differ ({SUBJECT})",
        f"[ocs-passwords-differ] {SUBJECT}: 2 different passwords are in use",
        f"--accept 'ocs-passwords-differ@{SUBJECT}=REASON' --by NAME",
    ],
)
def test_own_words_are_not_eaten(text: str) -> None:
    redactor = Redactor()
    redactor.know(OWN, SUBJECT, "verification.httpd")
    assert redactor.clean_output(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ocs_passwords: hunter22",
        "password: hunter22",
        f"my.{OWN}: hunter22",
        "X=1 database password=hunter22",
    ],
)
def test_a_part_of_own_words_is_a_name_like_others(text: str) -> None:
    redactor = Redactor()
    redactor.know(OWN, SUBJECT)
    assert "hunter22" not in redactor.clean_output(text)


def test_a_learnt_secret_is_masked_behind_own_words() -> None:
    redactor = knowing("hunter22")
    redactor.know(OWN)
    assert redactor.clean_output(f"{OWN}: hunter22") == f"{OWN}: {MASK}"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("password = hunter22", f"password = {MASK}"),
        ("password: hunter22, next", f"password: {MASK}, next"),
        ('"db_passwd": "hunter 22"', f'"db_passwd": "{MASK}"'),
        ("OCS_DB_PWD='hunter22'", f"OCS_DB_PWD='{MASK}'"),
        ("$ENV{OCS_DB_PASS_PWD} => hunter22", f"$ENV{{OCS_DB_PASS_PWD}} => {MASK}"),
        ("PerlSetVar OCS_DB_PWD hunter22", f"PerlSetVar OCS_DB_PWD {MASK}"),
        ("  PerlSetEnv OCS_OPT_PASSWORD  hunter22", f"  PerlSetEnv OCS_OPT_PASSWORD  {MASK}"),
        ("api_token=hunter22;x=1", f"api_token={MASK};x=1"),
        ("client-secret: hunter22", f"client-secret: {MASK}"),
        ("https://user:hunter22@host/", f"https://user:{MASK}@host/"),
    ],
)
def test_what_stands_behind_a_telling_name_is_masked(text: str, cleaned: str) -> None:
    assert Redactor().clean_output(text) == cleaned


FENCE = '<nvpair id="fence-passwd" name="passwd" value="hunter 22"/>'


@pytest.mark.parametrize(
    "text",
    [
        FENCE,
        "<nvpair value='hunter 22' name='ipmi_secret'/>",
        '<attribute name="snmp-community"\n value="hunter 22"',
        '<nvpair name="access_key" value="hunter 22',
        r"<nvpair name=\"key\" value=\"hunter 22\"/>",
    ],
)
def test_secret_parameters_of_pacemakers_configuration_are_masked(text: str) -> None:
    assert Redactor().clean_output(text) == text.replace("hunter 22", MASK)


def test_pacemakers_digests_of_secret_parameters_are_masked() -> None:
    text = '<lrm_rsc_op id="a" op-secure-digest="0f1e2d" op-digest="3c4b"/>'
    assert Redactor().clean_output(text) == (
        f'<lrm_rsc_op id="a" op-secure-digest="{MASK}" op-digest="{MASK}"/>'
    )


def test_the_rest_of_pacemakers_configuration_stays_as_it_is() -> None:
    text = (CAPTURED / "healthy.cib-configuration.xml").read_text()
    assert Redactor().clean_output(text) == text
    beside = FENCE.replace("passwd", "pcmk_host_list")
    assert Redactor().clean_output(f"{text}{FENCE}{beside}").endswith(beside)


@pytest.mark.parametrize(
    "word",
    [
        "a-",
        "<a",
        '<a name="key" value="',
        "value='",
        "password-",
        "password",
        "password= ",
        "://a:",
        "setenv ",
    ],
)
def test_masking_takes_no_longer_than_the_text_is_long(word: str) -> None:
    begun = time.monotonic()
    Redactor().clean_output(word * (200_000 // len(word)))
    assert time.monotonic() - begun < 5  # a hundredth of it; hours when it grows with the square


@pytest.mark.parametrize(
    "text",
    [
        "password = ${OCS_PASSWORD}",
        "password = $OCS_PASSWORD",
        "password: ********",
        "PerlSetVar OCS_DB_PWD ${OCS_SERVER_PASSWORD}",
        "the password of both files is the same",
        "4 passwords differ",
        "https://host:9200/_cluster/health",
    ],
)
def test_references_and_sentences_stay_readable(text: str) -> None:
    assert Redactor().clean_output(text) == text


def test_a_secret_prints_as_a_mask_everywhere() -> None:
    secret = Secret("hunter22")
    for printed in (str(secret), repr(secret), f"{secret}", f"{[secret]}", "%s" % (secret,)):  # noqa: UP031
        assert "hunter22" not in printed
        assert MASK in printed
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)
    with pytest.raises(TypeError):
        __import__("json").dumps(secret)


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("mysqladmin --password Hunter2 ping", f"--password {MASK} ping"),
        ("curl --proxy-password Hunter2 -v", f"--proxy-password {MASK} -v"),
    ],
)
def test_a_value_behind_a_name_is_masked_in_other_syntaxes(text: str, cleaned: str) -> None:
    assert Redactor().clean_output(text).endswith(cleaned)
    assert "unter" not in Redactor().clean_output(text)


@pytest.mark.parametrize(
    "text",
    [
        '<nvpair name="stonith-enabled" value="true"/>',
        "mysqladmin --password --host x",
        "the password value = x",
    ],
)
def test_what_only_speaks_of_passwords_stays(text: str) -> None:
    assert Redactor().clean_output(text) == text


NAMES = (
    *("password", "passwd", "db_pwd", "PWD", "\u017fecret", "to\u212aen", "web.token", "://"),
    *("--", "-", "user:", "@", "perlsetvar", "SetEnv", "x", "x y", "$ENV{X}", "*" * 8),
    *(":", "=", "=>", "'", '"', "}", ";", ",", " ", "\t", "\n", "\n", "\r\n", "\n \n", "\u2028"),
)


@settings(max_examples=300)
@example("the password\n\n=\n\nhunter22 is")
@given(st.lists(st.sampled_from(NAMES), max_size=24).map("".join))
def test_lines_that_are_passed_over_have_nothing_to_be_masked(text: str) -> None:
    """Also when a name, its equals sign and the value stand on lines of their own."""
    redactor = Redactor()
    redactor.know("web.token")
    assert redactor.clean_output(text) == _NAMED.sub(redactor._mask_value, text)
