"""Files as administrators leave them, each merged with the package's: tests/data/ocs/variants."""

from __future__ import annotations

import pytest

from runbook.to_4_26 import release
from runbook.to_4_26.httpd.conf_tree import identity
from runbook.to_4_26.httpd.httpd_conf import Item, Kind, parse_conf
from runbook.to_4_26.httpd.merge import Merge
from runbook.to_4_26.httpd.merge import merge as merge_with
from runbook.to_4_26.httpd.passwords import is_carrier, is_passed_in_time, read_password
from runbook.to_4_26.names import RESTAPI_CONF, SERVER_CONF
from tests.actions.ocs_nodes import DATA

PASSWORD = "right#horse$7"
VARIABLE = "INVENTORY_DB_WORD"
PATHS = {"server": SERVER_CONF, "restapi": RESTAPI_CONF}
PACKAGED = {kind: (DATA / f"{kind}-new.conf").read_text() for kind in PATHS}
OBSOLETE = {
    # what OCS of the source does not read any more is dropped
    "Apache::Ocsinventory::Plugins::Apache",
    "OCS_OPT_WEB_SERVICE_ENABLED",
    "OCS_OPT_WEB_SERVICE_RESULTS_LIMIT",
    "OCS_OPT_WEB_SERVICE_PRIV_MODS_CONF",
}
QUESTIONS = {
    # what can't be merged with certainty, and the word that tells why
    "server/section-not-closed": "not closed",
    "server/quote-not-closed": "quote is not closed",
    "server/password-by-condition": "inside <ifdefine SITE_A>",
    "server/without-ifmodule": "outside",
    "restapi/code-of-its-own": "no plain assignment",
    "restapi/password-from-a-file": "no plain assignment",
}


def merge(path: str, old: str, new: str, default: str | None = None) -> Merge:
    """As the action merges."""
    return merge_with(path, old, new, default, obsolete=release.OBSOLETE_OCS_SETTINGS)


def variants() -> list[str]:
    return sorted(
        f"{kind}/{path.stem}" for kind in PATHS for path in (DATA / "variants" / kind).glob("*")
    )


MERGED = [name for name in variants() if name not in QUESTIONS]


def text_of(name: str) -> str:
    return (DATA / "variants" / f"{name}.conf").read_bytes().decode()


def merged(name: str, old: str | None = None) -> Merge:
    kind = name.partition("/")[0]
    return merge(PATHS[kind], text_of(name) if old is None else old, PACKAGED[kind])


def is_obsolete(item: Item) -> bool:
    return any("/ocsplugins" in part for part in item.section) or bool(OBSOLETE & {*item.values})


def seen(text: str) -> dict[tuple[object, ...], list[tuple[str, ...]]]:
    """The settings as httpd sees them: where, what, and the values in their order.

    Several <Perl> blocks do what one does.
    """
    found: dict[tuple[object, ...], list[tuple[str, ...]]] = {}
    for item in parse_conf(text).settings():
        if not is_carrier(item) and not is_obsolete(item):
            place = tuple("perl" if part.startswith("perl#") else part for part in item.section)
            found.setdefault((place, identity(item)), []).append((item.name, *item.values))
    return found


def test_the_library_is_complete() -> None:
    assert len(variants()) >= 30
    assert set(QUESTIONS) < set(variants())


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_not_certain_is_a_question_and_the_file_stays(name: str) -> None:
    made = merged(name)
    assert QUESTIONS[name] in "; ".join(made.questions)
    assert PASSWORD not in "; ".join(made.questions)


@pytest.mark.parametrize("name", MERGED)
def test_no_setting_is_lost_and_none_changes_its_place(name: str) -> None:
    made = merged(name)
    assert made.questions == ()
    before, after = seen(text_of(name)), seen(made.text)
    for setting, values in before.items():
        assert after[setting] == values
    package = seen(PACKAGED[name.partition("/")[0]])
    assert {**package, **before, **after} == {**package, **before}  # nothing else came in


@pytest.mark.parametrize("name", MERGED)
def test_the_package_is_the_base(name: str) -> None:
    """Its comments are all there, and its lines in their order but for those that are replaced."""
    made, package = merged(name), PACKAGED[name.partition("/")[0]]
    lines = iter(made.text.splitlines())
    kept = set(made.text.splitlines())
    assert all(line in lines for line in package.splitlines() if line in kept)
    assert all(line in kept for line in package.splitlines() if line.lstrip().startswith("#"))


@pytest.mark.parametrize("name", MERGED)
def test_the_password_is_the_variable(name: str) -> None:
    made, path = merged(name), PATHS[name.partition("/")[0]]
    assert PASSWORD not in made.text
    conf = parse_conf(made.text)
    assert read_password(conf, path).variable == VARIABLE
    assert is_passed_in_time(conf, VARIABLE)


@pytest.mark.parametrize("name", MERGED)
def test_merging_again_changes_nothing(name: str) -> None:
    made = merged(name)
    again = merged(name, made.text)
    assert (again.text, again.added, again.dropped) == (made.text, (), ())


@pytest.mark.parametrize("name", MERGED)
def test_line_ends_stay_as_they_are(name: str) -> None:
    lines = merged(name).text.splitlines(keepends=True)
    ends = {"\r\n" if line.endswith("\r\n") else "\n" for line in lines if line.endswith("\n")}
    assert ends == {"\r\n" if "\r\n" in text_of(name) else "\n"}


@pytest.mark.parametrize("name", MERGED)
def test_access_is_not_opened(name: str) -> None:
    """`Require` beside another one lets in whom either of them lets in."""
    rules = {"require", "requireany", "requireall", "requirenone", "order", "allow", "deny"}

    def of(text: str, section: tuple[str, ...]) -> list[tuple[str, ...]]:
        return [
            (item.name, *item.values)
            for item in parse_conf(text).items
            if item.section == section and item.name in rules and item.kind is not Kind.CLOSE
        ]

    conf = parse_conf(text_of(name))
    for opened in (item for item in conf.items if item.kind is Kind.OPEN):
        section = (*opened.section, opened.inner)
        if before := of(text_of(name), section):
            assert of(merged(name).text, section) == before


def test_files_lie_in_the_library_with_their_line_ends() -> None:
    """An editor or git may turn them."""
    turned = [path for path in variants() if "windows" in path and "\r\n" not in text_of(path)]
    assert turned == []
