"""httpd runs what its configuration says, as root: a snapshot's files hold settings and no code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.snapshot.names import Names
from rehearsal.like.fields import Fields, SnapshotError
from rehearsal.to_4_26.twin import conf_form, httpd
from runbook.to_4_26.release import RELEASE
from runbook.to_4_26.snapshot import words
from runbook.to_4_26.snapshot.conf_text import without_names
from tests.rehearsal import snapshots


def _read(text: str) -> httpd.ConfFile:
    file = snapshots.step()["httpd_files"][0]
    return httpd.conf_file(Fields({**file, "text": text}, "step.httpd_files[0]"))


def _in_perl(line: str) -> str:
    return f"<Perl>\n{line}\n</Perl>\n"


CODE = (
    _in_perl("system('touch /root/here');"),
    _in_perl("$ENV{PATH} = `id`;"),
    _in_perl("$ENV{PATH} = \"@{[system('id')]}\";"),
    _in_perl("$ENV{PATH} = 'x'; system('id'); $x = 'x';"),
    _in_perl("use POSIX; system('id');"),
    _in_perl("use lib '/tmp';"),
    _in_perl("</Perl> system('id')"),
    _in_perl("SetEnv A b"),
    "<Perl>\n# comment \\\nsystem('id');\n</Perl>\n",
    "<perl >system('id')\n</perl>\n",
    "SetEnv A \\\n<Perl>\n",
    "PerlSwitches -e system\n",
    "PerlSwitches -Mlib=/tmp\n",
    'PerlHandler "sub { system(1) }"\n',
    "PerlHandler Some->thing\n",
    'CustomLog "|/bin/sh -c id" common\n',
    "ErrorLog |/bin/id\n",
    "SSLPassPhraseDialog exec:/bin/id\n",
    "RewriteMap x prg:/bin/id\n",
    "LoadFile /tmp/x.so\n",
    "ExtFilterDefine x cmd=/bin/id\n",
    "SiteDirectiveX system\n",
    "<Elsewhere>\n",
    "<If \"file('/etc/shadow') =~ /x/\">\n",
    "SetEnv A b\x0bc\n",
)


@pytest.mark.parametrize("text", CODE)
def test_a_line_that_no_snapshot_has_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(SnapshotError, match="which is no setting of a snapshot") as refused:
        _read(text)
    assert str(refused.value).startswith("line ")
    assert "\n" not in str(refused.value)


def test_its_words_are_those_that_the_runbook_keeps() -> None:
    assert conf_form.DIRECTIVES == words.DIRECTIVES
    assert conf_form.SECTIONS == words.SECTIONS


KEPT = sorted({*words.VALUES, *words.MODULES, *words.PATHS, *words.OPTIONS, "localhost"})
_ARGUMENTS = st.one_of(
    st.sampled_from(KEPT),
    st.sampled_from(
        [
            *("10.1.2.0/24", "10.1", "2001:db8::7", "[::1]", "host.example.org", ".example.org"),
            *("${SITE}", "/a/b", "^/a(b|c)$", "Acme AG", "a|b", "sub { 1 }", "", "17", "30s"),
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x00"), max_size=12),
)
_DIRECTIVE = st.builds(
    lambda name, values: " ".join((name, *(f'"{v}"' if " " in v else v for v in values))),
    st.sampled_from(["PerlSetEnv", "Require", "AuthName", "PerlSwitches", "Acme", "# Alias"]),
    st.lists(_ARGUMENTS, max_size=3),
)
_STATEMENT = st.builds(
    lambda name, value, mark: f"$ENV{{{name}}} = {mark}{value}{mark};",
    st.sampled_from(["OCS_DB_PWD", "'ACME'", "ACME"]),
    _ARGUMENTS,
    st.sampled_from(["'", '"', ""]),
)


@pytest.mark.parametrize(
    "value", ["on", "!mod_authz_core.c", "${SITE}", '""', "ocsweb", "10.1", "-w"]
)
def test_of_a_switch_of_perl_nothing_is_written(value: str) -> None:
    assert RELEASE.snapshot is not None
    written = without_names(f"PerlSwitches {value}\n", Names(RELEASE.snapshot.vocabulary))
    assert _read(written).text == written


@given(st.lists(_DIRECTIVE, max_size=4), st.lists(_STATEMENT, max_size=4))
def test_what_the_runbook_writes_is_read(directives: list[str], statements: list[str]) -> None:
    lines = ["<Location /acme>", *directives, "</Location>", "<Perl>", *statements, "</Perl>"]
    assert RELEASE.snapshot is not None
    written = without_names("\n".join(lines) + "\n", Names(RELEASE.snapshot.vocabulary))
    assert _read(written).text == written
