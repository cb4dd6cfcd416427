"""The credentials file: made from the template, read back alike by systemd and by a shell."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.secrets import Secret
from runbook.to_4_26.httpd import credentials
from tests.actions.ocs_nodes import DATA

TEMPLATE = (DATA / "credentials.tpl").read_text()
VARIABLE = "INVENTORY_DB_WORD"
SUPPORTED = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'`\\"), min_size=1
)


@given(SUPPORTED)
def test_reading_gives_back_what_was_rendered(password: str) -> None:
    rendered = credentials.render(TEMPLATE, VARIABLE, Secret(password))
    assert credentials.read(rendered.reveal(), VARIABLE) == Secret(password)
    assert rendered.reveal().startswith(TEMPLATE.partition(VARIABLE)[0])


@pytest.mark.parametrize("password", ["word", "#$%&+=/@!*?~^;:,.|()<>-_x", "a$(id)b", "-n"])
def test_a_shell_reads_the_same(password: str) -> None:
    text = credentials.render(TEMPLATE, VARIABLE, Secret(password)).reveal()
    script = f'. /dev/stdin; printf %s "${VARIABLE}"'
    done = subprocess.run(
        ["sh", "-c", script], input=text.encode(), capture_output=True, check=True
    )
    assert done.stdout.decode() == password


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=word\n", "word"),
        ("A=word", "word"),
        ("A=  word  \n", "word"),
        ("  A = word\n", "word"),
        ("A='a b'\n", "a b"),
        ('A="a b"\n', "a b"),
        ("A='a$b#c'\n", "a$b#c"),
        # versions of systemd differ in a backslash inside quotes
        (r'A="a\"b\\c\$d\n"', None),
        (r'A="a\"b"', 'a"b'),
        # quotes count only where a value begins
        ('A=a"b"c', 'a"b"c'),
        ("A=it's", "it's"),
        ("A=one\\\ntwo\n", "onetwo"),
        ("A='of\nmore lines'\nB=1\n", "of\nmore lines"),
        ("B='\nA=inside\n'\n", None),
        (r"A=a\ b\'c", "a b'c"),
        ("A='a'\"b\"c\n", "abc"),
        ("A=first\nA=last\n", "last"),
        ("#A=comment\n;A=comment\n", None),
        ("export A=word\n", None),
        ("AB=word\n", None),
        ("A=\n", ""),
        ("", None),
        ("A=word\r\n", "word"),
    ],
)
def test_values_as_systemd_reads_them(text: str, value: str | None) -> None:
    found = credentials.read(text, "A")
    assert (found.reveal() if found is not None else None) == value


@pytest.mark.parametrize(
    ("template", "wanted", "clean"),
    [
        (TEMPLATE, [VARIABLE], True),
        (TEMPLATE, ["OTHER"], False),
        (TEMPLATE, [], False),
        ("# nothing\n", [VARIABLE], False),
        ("A=\nB=\n", ["A"], False),
        ("A=\nB=\n", ["A", "B"], False),
    ],
)
def test_template_and_rpmnew_agree(template: str, wanted: list[str], clean: bool) -> None:
    found = credentials.template_findings(template, wanted)
    assert [f.code for f in found] == ([] if clean else ["ocs-variable-mismatch"])


def test_a_template_without_the_variable_is_refused() -> None:
    with pytest.raises(ValueError, match="sets OTHER 0 times"):
        credentials.render(TEMPLATE, "OTHER", Secret("word"))
    with pytest.raises(ValueError, match="2 times"):
        credentials.render("A=\nA=\n", "A", Secret("word"))


def test_placeholders_and_what_follows_are_kept_apart() -> None:
    text = credentials.render("A=<password>\n# end\nB=1", "A", Secret("word")).reveal()
    assert text == "A=word\n# end\nB=1"
    assert credentials.render("A=", "A", Secret("word")).reveal() == "A=word\n"


def test_an_existing_file_that_can_be_read_in_two_ways_is_not_the_same() -> None:
    text = 'A="wo\\rd"\n'
    assert credentials.read(text, "A") is None
    assert credentials.is_unclear(text, "A")
    (finding,) = credentials.existing_findings(None, Secret("word"), unclear=True)
    assert "versions of systemd" in finding.observed


def test_a_value_of_several_lines_is_replaced_whole() -> None:
    text = credentials.render("A='<pass\nword>'\r\nB=1\n", "A", Secret("word")).reveal()
    assert text == "A=word\r\nB=1\n"


@pytest.mark.parametrize(
    ("existing", "told"),
    [
        (Secret("word"), []),
        (Secret("other"), [("ocs-credentials-other", "it has another password")]),
        (None, [("ocs-migration-unclear", "it does not set the variable")]),
    ],
)
def test_an_existing_file(existing: Secret | None, told: list[tuple[str, str]]) -> None:
    found = credentials.existing_findings(existing, Secret("word"))
    assert [f.code for f in found] == [code for code, _ in told]
    assert all(said in f.observed for f, (_, said) in zip(found, told, strict=True))
    assert "word" not in str(found).replace("password", "")
