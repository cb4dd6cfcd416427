"""Masking hides values, and leaves the words around them: by grammar where it is known.

Of another format nothing is known: there everything behind such a word may be a value.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.secrets import MASK
from runbook.cluster.masking import masked, masked_diff
from runbook.to_4_26.httpd.conf_tree import shown
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.httpd.prose import is_prose

WORDS = (
    "# The database password comes from the environment of httpd, see sysconfig.",
    "  # a replica for reading, with a password of its own",
    "# Passwords of this file are kept in the credentials file",
    "# The token for the agents, see the console",
    "PerlPassEnv OCS_DB_PASSWORD",
    "  PerlPassEnv OCS_DB_PWD",
    "PassEnv NETEYE_OCS_DB_PASSWORD",
    "AuthName Inventory",
    'PerlSetVar OCS_DB_PWD "${OCS_DB_PASSWORD}"',
    "  $ENV{OCS_DB_PWD} = $ENV{OCS_DB_PASSWORD};",
)


@pytest.mark.parametrize("line", WORDS)
@pytest.mark.parametrize("sign", ["", " ", "+", "-"])
def test_words_of_an_httpd_file_stay(line: str, sign: str) -> None:
    assert masked(f"{sign}{line}", is_prose=is_prose) == f"{sign}{line}"


@pytest.mark.parametrize("line", WORDS[:3])
def test_of_an_unknown_format_nothing_is_taken_for_words(line: str) -> None:
    assert masked(line).endswith(MASK)


# what stands behind such a word and is a value, in whatever form somebody wrote it down
CANARY = "canary-7"
VALUES = (
    "PerlSetVar OCS_DB_SL_PWD {}",
    "PerlSetVar OCS_DB_SL_PWD '{}'",
    "PerlSetEnv OCS_API_TOKEN {}",
    "PerlAddVar OCS_SECRET {}",
    "SetEnv DB_PASSWORD {}",
    "Define DB_PASS {}",
    "pass = {}",
    "AuthLDAPBindPassword {}",
    "RequestHeader set X-Auth-Token {}",
    "$ENV{{OCS_DB_SL_PWD}} = '{}';",
    'my $password = "{}";',
    "PerlPassEnv OCS_DB_PWD {}",
    "PassEnv OCS_DB_PWD {}",
)
NOTED = (
    "password {}",
    "the password is {}",
    "the password was {} until March",
    "password: {}",
    "password = {}",
    "password for the replica: {}",
    "password of ocs {}",
    "password for {}",
    "password in use: {}, of the replica",
    "token of the agents {}",
    "secret ({})",
)


@pytest.mark.parametrize("form", [*VALUES, *(f"# {one}" for one in (*VALUES, *NOTED))])
@pytest.mark.parametrize("sign", ["", " ", "+", "-"])
def test_a_value_is_masked(form: str, sign: str) -> None:
    line = f"{sign}{form.format(CANARY)}"
    assert CANARY not in masked(line, is_prose=is_prose)
    assert CANARY not in masked(line)


# no quotes, which end a value, and no letters alone, which are words of a sentence
ODD = st.text("abcXYZ019$#@!%&*+.,:/-_~^", min_size=1, max_size=12)
PLAIN = st.text("abcdefgh", min_size=1, max_size=6)


@given(ODD, PLAIN, st.sampled_from(VALUES))
def test_whatever_the_value_is_no_directive_shows_it(odd: str, plain: str, form: str) -> None:
    value = f"{plain}7{odd}"
    for line in (form, f"# {form}", f"+  {form}"):
        assert value not in masked(line.format(value), is_prose=is_prose)


@given(ODD, PLAIN, st.sampled_from(NOTED))
def test_whatever_the_value_is_no_note_shows_it(odd: str, plain: str, form: str) -> None:
    value = f"{plain}7{odd}"
    assert value not in masked(f"# {form.format(value)}", is_prose=is_prose)


@pytest.mark.parametrize("form", [one for one in NOTED if "{} until" not in one])
@pytest.mark.parametrize("value", ["swordfish", "Sommer", "geheim,", "hunter."])
def test_a_note_does_not_show_a_value_of_letters_either(form: str, value: str) -> None:
    assert value not in masked(f"# {form.format(value)}", is_prose=is_prose)
    assert value not in masked(f"# {form.format(value)} from the console", is_prose=is_prose)


# a setting by itself, as differences and questions have it

SETTINGS = (
    ("PerlPassEnv OCS_DB_PASSWORD", "PerlPassEnv OCS_DB_PASSWORD"),
    ("PassEnv OCS_DB_PASSWORD OTHER", f"PassEnv OCS_DB_PASSWORD {MASK}"),
    ("PassEnv LANG TZ", "PassEnv LANG TZ"),
    ("PerlPassEnv canary-7", f"PerlPassEnv {MASK}"),
    ("PerlSetVar OCS_DB_PWD ${OCS_DB_PASSWORD}", "PerlSetVar OCS_DB_PWD ${OCS_DB_PASSWORD}"),
    ("PerlSetVar OCS_DB_SL_PWD canary$7", f"PerlSetVar OCS_DB_SL_PWD {MASK}"),
    ("PerlSetVar OCS_DB_SL_PWD ${X}canary", f"PerlSetVar OCS_DB_SL_PWD {MASK}"),
    ("RequestHeader set X-Auth-Token canary", f"RequestHeader set X-Auth-Token {MASK}"),
    ("AuthLDAPBindPassword canary", f"AuthLDAPBindPassword {MASK}"),
    ("PerlSetEnv OCS_DB_HOST mariadb", "PerlSetEnv OCS_DB_HOST mariadb"),
    ("<Perl>\n$ENV{OCS_DB_PWD} = $ENV{X};\n</Perl>", "$ENV OCS_DB_PWD $ENV{X}"),
    ("<Perl>\n$ENV{OCS_DB_SL_PWD} = 'cana$ry';\n</Perl>", f"$ENV OCS_DB_SL_PWD {MASK}"),
    ("<Perl>\nuse Apache2::Const;\n</Perl>", "use Apache2::Const"),
    ("<Perl>\nconnect('ocs', 'canary');\n</Perl>", f"perl code {MASK}"),
)


@pytest.mark.parametrize(("text", "expected"), SETTINGS)
def test_a_setting_is_shown_without_its_secret(text: str, expected: str) -> None:
    (item,) = parse_conf(text).settings()
    assert shown(item) == expected


@given(ODD, PLAIN, st.sampled_from([one for one in VALUES if not one.startswith(("my ", "pass "))]))
def test_no_setting_shows_a_value(odd: str, plain: str, form: str) -> None:
    value = f"{plain}7{odd}"
    text = form.format(value)
    text = f"<Perl>\n{text}\n</Perl>" if form.startswith("$") else text
    for item in parse_conf(text).settings():
        assert value not in shown(item)


# a value on the lines after its name

CONTINUED = "PerlSetVar OCS_DB_SL_PWD \\\n  canary-7\nPerlSetEnv A b\n"


def test_a_value_on_the_next_line_is_masked() -> None:
    assert "canary" not in masked_diff(CONTINUED, "PerlSetEnv A b\n", "x")
    assert "canary" not in masked_diff(CONTINUED, CONTINUED.replace("A b", "A c"), "x")
    other = CONTINUED.replace("canary-7", "canary-8")
    diff = masked_diff(CONTINUED, other, "x", is_prose=is_prose)
    assert "canary" not in diff


def test_a_line_that_goes_on_without_a_secret_stays() -> None:
    text = "PerlSetEnv OCS_DB_HOST \\\n  mariadb\n"
    assert "+  mariadb" in masked_diff("", text, "x")


@pytest.mark.parametrize("line", ["a-" * (64 << 10), f"password{' ' * (64 << 10)}"])
def test_a_long_line_takes_no_longer_than_it_has_to(line: str) -> None:
    """Each way to divide it was tried: a minified script of 100 KB took hours."""
    assert masked(line) == line
