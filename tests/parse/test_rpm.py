"""rpm -qa, dnf check-update and the search for left-over configuration files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.host import Package
from engine.parse.rpm import (
    RPM_QUERY_FORMAT,
    parse_check_update,
    parse_config_leftovers,
    parse_rpm_qa,
)

from .data import captured, outcome


def test_query_format_is_read_by_rpm_not_by_python() -> None:
    assert RPM_QUERY_FORMAT.count("\\t") == 4
    assert RPM_QUERY_FORMAT.endswith("\\n")


QA = "zlib\t(none)\t1.2.11\t18.el8\tx86_64\nbind\t32\t9.11.36\t3.el8_6.1\tx86_64\n"


def test_rpm_qa_is_sorted_and_no_epoch_is_zero() -> None:
    assert parse_rpm_qa(QA) == (
        Package("bind", "32", "9.11.36", "3.el8_6.1", "x86_64"),
        Package("zlib", "0", "1.2.11", "18.el8", "x86_64"),
    )
    assert [str(package) for package in parse_rpm_qa(QA)] == [
        "bind-32:9.11.36-3.el8_6.1.x86_64",
        "zlib-1.2.11-18.el8.x86_64",
    ]


def test_rpm_qa_of_a_pattern_that_nothing_matches() -> None:
    assert parse_rpm_qa("") == ()


@pytest.mark.parametrize(
    "line",
    [
        "package neteye is not installed",
        "zlib\t(none)\t1.2.11\t18.el8",
        "zlib\t\t1.2.11\t18.el8\tx86_64",
        "neteye-4.25-1.neteye.noarch",
    ],
)
def test_other_line_of_rpm_is_an_error(line: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_rpm_qa(f"{QA}{line}\n")
    assert str(caught.value).startswith(f"rpm -qa: line 3: is {line!r}, expected name, epoch,")


def test_default_format_of_rpm_is_an_error() -> None:
    with pytest.raises(ParseError, match=r"rpm -qa: line 1: is 'tornado-4\.26-1.neteye.noarch'"):
        parse_rpm_qa(captured("rpm-qa.txt"))


def test_captured_check_update() -> None:
    pending = parse_check_update(captured("dnf-check-update-pending.rc100.txt"))
    assert len(pending) == 10
    assert pending[0] == Package("elasticsearch", "0", "4.25", "2.neteye", "noarch")
    assert {package.evr for package in pending} == {"4.25-2.neteye"}


def test_nothing_pending() -> None:
    assert parse_check_update("") == parse_check_update("\n") == ()


UGLY = """\
Updating Subscription Management repositories.
Unable to read consumer identity

This system is not registered with an entitlement server.

Last metadata expiration check: 0:10:21 ago on Sat 19 Nov 2022 08:11:04 PM CET.

bind-libs.x86_64                   32:9.11.36-3.el8_6.1         neteye-os
glibc-langpack-en.i686             2.28-189.5.el8_6             neteye-os
icinga-powershell-plugins-with-a-very-long-name-indeed.noarch
                                   1.10.1_neteye1.5.2-1         neteye
java-1.8.0-openjdk.x86_64          1:1.8.0.352.b08-2.el8_6      neteye-os
Obsoleting Packages
icinga2-ido-mysql-neteye.x86_64    2.13.5-1.neteye              neteye
    icinga2-ido-mysql.x86_64       2.11.11-1.neteye             @System
tornado-all-in-one.noarch          4.25-2.neteye                neteye
    tornado-with-a-name-that-does-not-fit-in-its-column-at-all.noarch
                                   4.24-1.neteye                @System
Security: kernel-core-4.18.0-372.32.1.el8_6.x86_64 is an installed security update
Security: kernel-core-4.18.0-372.26.1.el8_6.x86_64 is the currently running version
"""


def test_ugly_check_update() -> None:
    assert [str(package) for package in parse_check_update(UGLY)] == [
        "bind-libs-32:9.11.36-3.el8_6.1.x86_64",
        "glibc-langpack-en-2.28-189.5.el8_6.i686",
        "icinga-powershell-plugins-with-a-very-long-name-indeed-1.10.1_neteye1.5.2-1.noarch",
        "icinga2-ido-mysql-neteye-2.13.5-1.neteye.x86_64",
        "java-1.8.0-openjdk-1:1.8.0.352.b08-2.el8_6.x86_64",
        "tornado-all-in-one-4.25-2.neteye.noarch",
    ]


def test_a_package_listed_twice_is_one() -> None:
    line = "glpi.noarch  4.25-2.neteye  neteye\n"
    assert len(parse_check_update(f"{line}Obsoleting Packages\n{line}")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (captured("dnf-repo-missing.rc1.txt"), 'line 1: is "Error: Failed to download metadata'),
        (
            "glpi.noarch  4.25-2.neteye\n",
            "line 1: is 'glpi.noarch  4.25-2.neteye', expected name.arch",
        ),
        ("glpi  4.25-2.neteye  neteye\n", "expected name.arch, version-release and repository"),
        ("\nglpi.noarch  4.25  neteye\n", "line 2: is 'glpi.noarch  4.25  neteye'"),
        ("a-very-long-name.noarch\n", "last line: 'a-very-long-name.noarch' has no version"),
        ("a-very-long-name.noarch\nb.noarch 1-1 neteye\n", "line 2: is 'a-very-long-name.noarch b"),
        ("Obsoleting Packages\n    old one\n", "line 2: is '    old one'"),
    ],
)
def test_other_line_of_dnf_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_check_update(text)
    assert str(caught.value).startswith("dnf check-update: ")
    assert message in str(caught.value)


def test_leftovers() -> None:
    paths = ("/neteye/local/a b.conf.rpmsave", "/etc/httpd/conf.d/x\ny.conf.rpmnew")
    assert parse_config_leftovers("".join(f"{path}\0" for path in paths)) == tuple(sorted(paths))
    assert parse_config_leftovers("") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/etc/a.rpmnew\0/etc/b.rpm", "end: the last path is cut off, expected a NUL after each"),
        ("/etc/a.rpmnew\n", "end: the last path is cut off"),
        ("find: x\0", "path: is 'find: x', expected an absolute path"),
        ("\0", "path: is '', expected an absolute path"),
    ],
)
def test_other_output_of_find_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_config_leftovers(text)
    assert message in str(caught.value)


WORD = st.text("abcXYZ019_+~.", min_size=1)
PACKAGES = st.builds(
    Package,
    name=st.from_regex(r"[a-z][a-z0-9+_.-]{0,60}", fullmatch=True),
    epoch=st.integers(0, 99).map(str),
    version=WORD,
    release=WORD,
    arch=st.sampled_from(["noarch", "x86_64", "i686"]),
)


@given(st.lists(PACKAGES))
def test_rpm_qa_gives_back_what_was_printed(packages: list[Package]) -> None:
    fields = [(p.name, p.epoch, p.version, p.release, p.arch) for p in packages]
    parsed = parse_rpm_qa("".join("\t".join(line) + "\n" for line in fields))
    assert sorted(parsed, key=str) == sorted(packages, key=str)


@given(st.lists(PACKAGES, unique=True))
def test_check_update_gives_back_what_was_printed_wrapped_or_not(packages: list[Package]) -> None:
    def row(package: Package) -> str:
        name = f"{package.name}.{package.arch}"
        separator = "\n    " if len(name) > 40 else "  "
        return f"{name}{separator}{package.evr}  neteye\n"

    assert set(parse_check_update("".join(row(package) for package in packages))) == set(packages)


@given(st.lists(st.text(st.characters(exclude_characters="\0")).map("/".__add__), unique=True))
def test_leftovers_gives_back_any_path(paths: list[str]) -> None:
    assert parse_config_leftovers("".join(f"{path}\0" for path in paths)) == tuple(sorted(paths))


@given(st.text())
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    for parser in (parse_rpm_qa, parse_check_update, parse_config_leftovers):
        assert isinstance(outcome(parser, text), tuple | ParseError)
