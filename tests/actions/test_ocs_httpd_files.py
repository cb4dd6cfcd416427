"""The httpd files: read without loss, every password syntax, merged without losing a setting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.ways import commands_of
from engine.model.answer import Answer
from engine.secrets import Secret
from runbook.cluster.masking import masked, masked_diff
from runbook.to_4_26 import files, release
from runbook.to_4_26.httpd.access import access_changes, access_findings
from runbook.to_4_26.httpd.httpd_conf import Kind, arguments, parse_conf
from runbook.to_4_26.httpd.merge import Merge
from runbook.to_4_26.httpd.merge import merge as merge_with
from runbook.to_4_26.httpd.passwords import (
    Password,
    cannot_carry,
    is_passed_in_time,
    preflight_findings,
    read_password,
)
from runbook.to_4_26.httpd.perl_block import plain_string, statements
from runbook.to_4_26.names import RESTAPI_CONF, SERVER_CONF
from tests.actions.ocs_nodes import DATA

OLD = {SERVER_CONF: "server-old.conf", RESTAPI_CONF: "restapi-old.conf"}
NEW = {SERVER_CONF: "server-new.conf", RESTAPI_CONF: "restapi-new.conf"}
OLD = {path: (DATA / name).read_text() for path, name in OLD.items()}
NEW = {path: (DATA / name).read_text() for path, name in NEW.items()}
PASSWORD = "right#horse$7"
VARIABLE = "INVENTORY_DB_WORD"

# pieces of configuration, whole and broken, to be put together in any order
PIECES = st.sampled_from(
    [
        *("\n", "  \n", "# comment\n", "#\\\ncontinued\n", "A b\n", "A \"b c\" 'd'\n", "A\t1\r\n"),
        *("A one \\\n  two\n", "<IfModule x>\n", "</IfModule>\n", "<Perl>\n", "</Perl>\n", "<\n"),
        *("$ENV{A} = 'x;y';\n", "$ENV{B}=1; $ENV{C}='\\'';\n", "# perl\n", "if (1) { }\n", '"'),
        *("no end", "\x0b", "\x85", "é\n", "PerlSetVar OCS_DB_PWD x\n", "</Location>\n"),
    ]
)


def merge(path: str, old: str, new: str, default: str | None = None) -> Merge:
    """As the action merges."""
    return merge_with(path, old, new, default, obsolete=release.OBSOLETE_OCS_SETTINGS)


@given(st.lists(PIECES).map("".join))
def test_a_file_is_given_back_unchanged(text: str) -> None:
    assert parse_conf(text).text == text


@given(st.text())
def test_any_text_is_given_back_unchanged(text: str) -> None:
    assert parse_conf(text).text == text
    assert "".join(statement.raw for statement in statements(text)) == text


@pytest.mark.parametrize("text", [*OLD.values(), *NEW.values()])
def test_the_samples_are_understood(text: str) -> None:
    assert parse_conf(text).problems == ()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        (" a  b\tc ", ["a", "b", "c"]),
        ('"a b" c', ["a b", "c"]),
        ("'a \"b' c", ['a "b', "c"]),
        (r'"a\"b"', ['a"b']),
        (r'"a\\"', ["a\\"]),
        (r'"a\nb"', [r"a\nb"]),
        ("a#b", ["a#b"]),
    ],
)
def test_arguments_as_httpd_reads_them(text: str, values: list[str]) -> None:
    found, problem = arguments(text)
    assert ([argument.text for argument in found], problem) == (values, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('A "b', "quote is not closed"),
        ("<IfModule x>\nA b\n", "not closed"),
        ("</IfModule>\n", "closes nothing"),
        ("<IfModule x>\n</Location>\n", "closes nothing"),
        ("<IfModule x\n", "can't be read as a section"),
        ("<Perl>\nif ($x) { $y = 1; }\n</Perl>\n", "no plain assignment"),
        ("<Perl>\n$ENV{A} = qq(x);\n</Perl>\n", "no plain assignment"),
        ("<Perl>\n$ENV{A} = 'x' . 'y';\n</Perl>\n", "no plain assignment"),
        ("<Perl>\n$ENV{A} = <<E;\nx\nE\n</Perl>\n", "no plain assignment"),
    ],
)
def test_what_is_not_understood_is_named(text: str, problem: str) -> None:
    assert problem in "; ".join(parse_conf(text).problems)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("'a b'", "a b"),
        (r"'it\'s'", "it's"),
        (r"'a\\b'", r"a\b"),
        (r"'a\nb'", r"a\nb"),
        ("'$x @y'", "$x @y"),
        ('"plain"', "plain"),
        ('"a$b"', None),
        ('"a@b"', None),
        (r'"a\tb"', None),
        ("3306", "3306"),
        ("0", "0"),
        ("0777", None),
        ("word", None),
    ],
)
def test_perl_literals(value: str, text: str | None) -> None:
    assert plain_string(value) == text


SERVER_PASSWORDS = {
    "PerlSetVar OCS_DB_PWD word": "word",
    'PerlSetVar OCS_DB_PWD "word"': "word",
    "PerlSetVar OCS_DB_PWD 'word'": "word",
    "perlsetvar ocs_db_pwd word": "word",
    "\tPerlSetVar\tOCS_DB_PWD\t wo#rd": "wo#rd",
    "PerlSetVar \\\n  OCS_DB_PWD \\\n word": "word",
    "PerlSetVar OCS_DB_PWD word\r": "word",
    "<IfModule mod_perl.c>\nPerlSetVar OCS_DB_PWD word\n</IfModule>": "word",
    "PerlSetVar OCS_DB_PWD word\nPerlSetVar OCS_DB_PWD 'word'": "word",
    "PerlSetVar OCS_DB_SL_PWD other\nPerlSetVar OCS_DB_PWD word": "word",
    "#PerlSetVar OCS_DB_PWD old\nPerlSetVar OCS_DB_PWD word": "word",
    r'PerlSetVar OCS_DB_PWD "a\"b"': 'a"b',
    "PerlSetEnv OCS_DB_PWD unread\nPerlSetVar OCS_DB_PWD word": "word",
}
RESTAPI_PASSWORDS = {
    "<Perl>\n$ENV{OCS_DB_PWD} = 'word';\n</Perl>": "word",
    "<Perl>\n$ENV{'OCS_DB_PWD'}='word'\n</Perl>": "word",
    '<Perl>\n$ENV{"OCS_DB_PWD"} = "word";\n</Perl>': "word",
    "<perl>\n$ENV{A}='1'; $ENV{OCS_DB_PWD} = 'word'; # note\n</perl>": "word",
    "<Perl>\n$ENV{OCS_DB_PWD} = 4711;\n</Perl>": "4711",
    "<Perl>\n# $ENV{OCS_DB_PWD} = 'old';\n$ENV{OCS_DB_PWD} = 'a;b#c';\n</Perl>": "a;b#c",
    "PerlSetEnv OCS_DB_PWD word": "word",
}


@pytest.mark.parametrize(("text", "password"), SERVER_PASSWORDS.items())
def test_passwords_of_the_server_file(text: str, password: str) -> None:
    for end in ("\n", ""):
        read = read_password(parse_conf(text + end), SERVER_CONF)
        assert read.literal == Secret(password), read.problem


@pytest.mark.parametrize(("text", "password"), RESTAPI_PASSWORDS.items())
def test_passwords_of_the_interface_file(text: str, password: str) -> None:
    read = read_password(parse_conf(text), RESTAPI_CONF)
    assert read.literal == Secret(password), read.problem


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        (SERVER_CONF, "", "not set"),
        (SERVER_CONF, "Include conf.d/secret.conf", "includes other files"),
        (SERVER_CONF, "PerlSetEnv OCS_DB_PWD word", "not set"),
        (SERVER_CONF, "PerlSetVar OCS_DB_PWD", "0 values"),
        (SERVER_CONF, "PerlSetVar OCS_DB_PWD two words", "2 values"),
        (SERVER_CONF, "PerlSetVar OCS_DB_PWD a\nPerlSetVar OCS_DB_PWD b", "different values"),
        (SERVER_CONF, 'PerlSetVar OCS_DB_PWD "a${B}"', "reference to a variable"),
        (SERVER_CONF, "<Location /x>\nPerlSetVar OCS_DB_PWD a\n</Location>", "inside <location /x"),
        (SERVER_CONF, "<IfDefine Y>\nPerlSetVar OCS_DB_PWD a\n</IfDefine>", "inside <ifdefine Y"),
        (RESTAPI_CONF, "PerlSetVar OCS_DB_PWD word", "not set"),
        (RESTAPI_CONF, '<Perl>\n$ENV{OCS_DB_PWD} = "a$b";\n</Perl>', "no plain Perl string"),
    ],
)
def test_passwords_that_can_not_be_read(path: str, text: str, problem: str) -> None:
    read = read_password(parse_conf(text), path)
    assert read.literal is None
    assert problem in read.problem


@pytest.mark.parametrize(
    ("path", "text", "variable"),
    [
        (SERVER_CONF, 'PerlSetVar OCS_DB_PWD "${A_B}"', "A_B"),
        (SERVER_CONF, "PerlSetVar OCS_DB_PWD ${OCS_DB_PWD}", "OCS_DB_PWD"),
        (RESTAPI_CONF, "<Perl>\n$ENV{OCS_DB_PWD} = $ENV{A_B};\n</Perl>", "A_B"),
        (RESTAPI_CONF, "<Perl>\n$ENV{OCS_DB_PWD} = $ENV{'A_B'};\n</Perl>", "A_B"),
        (RESTAPI_CONF, "PerlPassEnv OCS_DB_PWD", "OCS_DB_PWD"),
        (RESTAPI_CONF, 'PerlSetEnv OCS_DB_PWD "${A_B}"', "A_B"),
        (
            RESTAPI_CONF,
            "PerlPassEnv OCS_DB_PWD\n<Perl>\n$ENV{OCS_DB_PWD} = $ENV{X};\n</Perl>",
            "X",
        ),
    ],
)
def test_the_new_forms(path: str, text: str, variable: str) -> None:
    assert read_password(parse_conf(text), f"{path}.rpmnew") == Password(variable=variable)


def test_a_variable_passed_after_the_block_is_too_late() -> None:
    block = "<Perl>\n$ENV{OCS_DB_PWD} = $ENV{X};\n</Perl>\n"
    assert is_passed_in_time(parse_conf(f"PerlPassEnv X\n{block}"), "X")
    assert not is_passed_in_time(parse_conf(f"{block}PerlPassEnv X\n"), "X")
    assert not is_passed_in_time(parse_conf(block), "X")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "empty"),
        ("a b", "blank"),
        ("a\n", "line end"),
        ("a'b", "quote"),
        ('a"b', "quote"),
        ("a\\", "backslash"),
        ("ä", "ASCII"),
        ("a\x01", "ASCII"),
    ],
)
def test_what_the_target_can_not_carry(password: str, reason: str) -> None:
    assert reason in " and ".join(cannot_carry(Secret(password)))


@pytest.mark.parametrize("password", ["word", "#$%&+=/@!*?~^;:,.|()<>-_x", "${X}", "$ENV{X}"])
def test_what_it_can_carry(password: str) -> None:
    assert cannot_carry(Secret(password)) == []


def test_findings_name_places_and_never_the_password() -> None:
    seen = {
        "a": {SERVER_CONF: Password(Secret("one word")), RESTAPI_CONF: Password(Secret("two"))},
        "b": {SERVER_CONF: Password(problem="odd"), RESTAPI_CONF: Password(variable="V")},
    }
    found = preflight_findings(seen)
    assert sorted(f.code for f in found) == [
        "ocs-password-unsupported",
        "ocs-password-unsupported",
        "ocs-password-unsupported",
        "ocs-passwords-differ",
    ]
    assert "one word" not in str(found)
    # httpd is one resource: followed on every node, they restart it once
    assert [command.node for command in commands_of(found)] == ["a"]


@pytest.mark.parametrize("path", [SERVER_CONF, RESTAPI_CONF])
def test_the_samples_merge(path: str) -> None:
    merged = merge(path, OLD[path], NEW[path])
    assert merged.questions == ()
    assert PASSWORD not in merged.text
    assert read_password(parse_conf(merged.text), path).variable == VARIABLE
    again = merge(path, merged.text, NEW[path])
    assert again.text == merged.text
    assert again.added == ()


def test_what_was_decided_is_told() -> None:
    merged = merge(SERVER_CONF, OLD[SERVER_CONF], NEW[SERVER_CONF])
    assert merged.added == (
        "PerlSetEnv OCS_DB_SSL_ENABLED 0",
        "PerlModule Apache::Ocsinventory::Server::Notify",
        "section <location /ocsinterface>",
    )
    assert merged.left_out == ("PerlSetEnv OCS_OPT_DEPLOY 0",)
    assert merged.dropped == (
        "PerlModule Apache::Ocsinventory::Plugins::Apache (obsolete)",
        "a comment with a password (line 11)",
    )
    assert any("OCS_OPT_PROLOG_FREQ 24" in entry for entry in merged.kept)
    # access rules are the administrator's: none is added beside them
    assert "Require valid-user" in merged.text
    assert "Require all granted" not in merged.text


def test_the_variable_is_passed_before_the_block() -> None:
    old = OLD[RESTAPI_CONF].replace("PerlOptions +Parent\n", "") + "PerlOptions +Parent\n"
    merged = merge(RESTAPI_CONF, old, NEW[RESTAPI_CONF]).text
    assert merged.index(f"PerlPassEnv {VARIABLE}") < merged.index("<Perl>")
    assert "  Require ip 127.0.0.1\n" in merged


def changes(old: str, new: str, default: str | None = None) -> list[tuple[str, str, str]]:
    merged = merge(RESTAPI_CONF, old, new, default).text
    found = access_changes(parse_conf(old), parse_conf(merged))
    return [(one.place, one.before, one.after) for one in found]


API = "<location /ocsapi>"


def test_a_rule_that_the_package_brings_is_a_change_of_who_may_reach_it() -> None:
    """Programs on other machines are locked out, and the node itself notices nothing."""
    old = OLD[RESTAPI_CONF]
    ((place, before, after),) = changes(old, NEW[RESTAPI_CONF])
    assert (place, after) == (API, "Require ip 127.0.0.1")
    assert "no rule of its own" in before
    (finding,) = access_findings(
        "n",
        RESTAPI_CONF,
        access_changes(parse_conf(old), parse_conf(NEW[RESTAPI_CONF])),
        runs_httpd=True,
    )
    assert finding.code == "ocs-access-changed"
    assert "Require ip 127.0.0.1" in finding.observed


def test_a_node_s_own_rule_stays_and_is_no_change() -> None:
    ruled = OLD[RESTAPI_CONF].replace(
        "<Location /ocsapi>\n", "<Location /ocsapi>\n  Require ip 10.0.0.0/8\n"
    )
    assert changes(ruled, NEW[RESTAPI_CONF]) == []


def test_a_rule_that_follows_the_package_is_a_change_with_both() -> None:
    """The node has the old default's rule, so it gets the new default's."""
    granted = OLD[RESTAPI_CONF].replace(
        "<Location /ocsapi>\n",
        "<Location /ocsapi>\n  <IfModule mod_authz_core.c>\n    Require all granted\n"
        "  </IfModule>\n",
    )
    ((place, before, after),) = changes(granted, NEW[RESTAPI_CONF], default=granted)
    assert place == API
    assert before == "<ifmodule mod_authz_core.c> Require all granted"
    assert after == "Require ip 127.0.0.1"


def test_a_rule_that_the_package_takes_away_is_a_change_and_a_section_that_goes_is_none() -> None:
    ruled = NEW[RESTAPI_CONF].replace(f"$ENV{{{VARIABLE}}}", "'word'")
    open_again = NEW[RESTAPI_CONF].replace("  Require ip 127.0.0.1\n", "")
    ((_, before, after),) = changes(ruled, open_again, default=ruled)
    assert (before, "no rule of its own" in after) == ("Require ip 127.0.0.1", True)
    gone = parse_conf("<Location /ocsplugins>\nRequire all granted\nSetHandler x\n</Location>\n")
    assert access_changes(gone, parse_conf("SetHandler x\n")) == ()


VARIANTS = {
    "windows line ends": (lambda text: text.replace("\n", "\r\n"), None),
    "no final newline": (lambda text: text.rstrip("\n"), None),
    "one line for all": (
        lambda text: text.replace("'ocsserver';\n", "'ocsserver';").replace("= 0;\n", "= 0\n"),
        None,
    ),
    "tabs": (lambda text: text.replace("  ", "\t"), None),
    "other case": (lambda text: text.replace("PerlSet", "perlset"), None),
    "password twice": (
        lambda text: text.replace(
            '  PerlSetVar OCS_DB_PWD "right#horse$7"\n',
            '  PerlSetVar OCS_DB_PWD "right#horse$7"\n  PerlSetVar OCS_DB_PWD right#horse$7\n',
        ),
        None,
    ),
    "continuation": (lambda text: text.replace("OCS_DB_PORT 3306", "OCS_DB_PORT \\\n 3306"), None),
    "ssl keys": (
        lambda text: text.replace(
            "  PerlSetEnv OCS_DB_USER ocsserver\n",
            "  PerlSetEnv OCS_DB_USER ocsserver\n  PerlSetEnv OCS_DB_SSL_ENABLED 1\n",
        ),
        None,
    ),
    "include": (lambda text: text + "IncludeOptional conf.d/own/*.conf\n", None),
    "section not closed": (lambda text: text.replace("</Location>\n", ""), "not closed"),
    "real perl": (lambda text: text.replace("<Perl>\n", "<Perl>\n  foo();\n"), "no plain"),
}


@pytest.mark.parametrize("path", [SERVER_CONF, RESTAPI_CONF])
@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_the_files(path: str, variant: str) -> None:
    change, question = VARIANTS[variant]
    old = change(OLD[path])  # type: ignore[no-untyped-call]
    merged = merge(path, old, NEW[path])
    if question and old != OLD[path]:
        assert question in "; ".join(merged.questions)
        assert merged.text == old
        return
    assert merged.questions == ()
    assert PASSWORD not in merged.text
    assert merge(path, merged.text, NEW[path]).text == merged.text
    if "\r\n" in old:
        assert merged.text.count("\n") == merged.text.count("\r\n")


def test_fewer_equal_sections_than_the_package_are_a_question() -> None:
    two = "<Location /a>\nA 1\n</Location>\n<Location /a>\nRequire all granted\n</Location>\n"
    head = 'PerlSetVar OCS_DB_PWD "${X}"\n'
    merged = merge(SERVER_CONF, head + "<Location /a>\nA 1\n</Location>\n", head + two)
    assert "this file has fewer" in merged.questions[0]


@pytest.mark.parametrize(
    ("new", "question"),
    [
        ("PerlSetVar OCS_DB_PWD word\n", "literal password"),
        ("A b\n", "not set"),
        ('PerlSetVar OCS_DB_PWD "${X}\n', "quote is not closed"),
    ],
)
def test_an_rpmnew_that_is_not_the_expected_one(new: str, question: str) -> None:
    merged = merge(SERVER_CONF, OLD[SERVER_CONF], new)
    assert question in "; ".join(merged.questions)


KEYS = st.sampled_from(["OCS_DB_HOST", "OCS_OPT_A", "OCS_OPT_B", "OCS_DB_SL_PWD", "LOGLEVEL"])
WORDS = st.text("abcXYZ019._/-", min_size=1, max_size=8)


@given(
    st.lists(
        st.builds("  $ENV{{{}}} = '{}';\n".format, KEYS.map(lambda key: f"X_{key}"), WORDS),
        max_size=5,
    ),
    st.integers(4, 9),
)
def test_any_assignment_survives(edits: list[str], at: int) -> None:
    lines = OLD[RESTAPI_CONF].splitlines(keepends=True)
    old = "".join(lines[:at] + edits + lines[at:])
    merged = merge(RESTAPI_CONF, old, NEW[RESTAPI_CONF])
    assert merged.questions == ()
    assert all(edit in merged.text for edit in edits)
    kinds = [item.kind for item in parse_conf(merged.text).items]
    assert kinds.count(Kind.ASSIGNMENT) == 6 + len(edits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PerlSetVar OCS_DB_PWD word", "PerlSetVar OCS_DB_PWD ********"),
        ("  $ENV{OCS_DB_PWD} = 'wo rd';", "  $ENV{OCS_DB_PWD} = ********"),
        ("# PerlSetVar OCS_DB_SL_PWD 'x y'", "# PerlSetVar OCS_DB_SL_PWD ********"),
        ('PerlSetVar OCS_DB_PWD "${NAME}"', 'PerlSetVar OCS_DB_PWD "${NAME}"'),
        ("$ENV{OCS_DB_PWD} = $ENV{NAME};", "$ENV{OCS_DB_PWD} = $ENV{NAME};"),
        ("SSLPassPhraseDialog exec", "SSLPassPhraseDialog ********"),
        ("PerlSetEnv OCS_DB_HOST h", "PerlSetEnv OCS_DB_HOST h"),
        ("a note: the-word is old", "a note: ******** is old"),
    ],
)
def test_masking(text: str, expected: str) -> None:
    assert masked(text, [Secret("the-word")]) == expected


def test_a_diff_shows_no_password() -> None:
    new = merge(SERVER_CONF, OLD[SERVER_CONF], NEW[SERVER_CONF]).text
    diff = masked_diff(OLD[SERVER_CONF], new, SERVER_CONF, [Secret(PASSWORD)])
    assert PASSWORD not in diff
    assert "replica-word" not in diff
    assert f'+  PerlSetVar OCS_DB_PWD "${{{VARIABLE}}}"' in diff


def test_a_file_in_another_encoding_is_told_with_its_line_and_the_way_out() -> None:
    content = "PerlSetEnv A b\n# für das Büro\n".encode("iso-8859-1")
    answer = Answer(code=0, stdout=content, stderr=b"", seconds=0.1)
    with pytest.raises(ValueError, match=r"^line 2 is no UTF-8\. .*iconv -f ISO-8859-1") as told:
        files.secret_text(SERVER_CONF).parse(answer)
    assert "für" not in str(told.value)
    assert "PerlSetEnv" not in str(told.value)
    assert told.value.__suppress_context__, "the context would carry the content along"
