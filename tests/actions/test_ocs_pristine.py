"""The old default of a file: recorded before the upgrade, found again after it, or not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.model.query import Query
from runbook.to_4_26.httpd.pristine import FACT, OWNERS, Pristine, old_default, text_of
from runbook.to_4_26.names import RESTAPI_CONF, SERVER_CONF
from tests.actions.ocs_nodes import FakeLook, N, Nodes

TEXT = "# default\nPerlSetVar OCS_DB_PWD factory-word\n"
PACKAGE = "ocsinventory-server-1:2.9.0-2.neteye4.25.noarch"
RPM = "ocsinventory-server-2.9.0-2.neteye4.25.noarch.rpm"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()

# the stand-in of an rpm is its one file
DNF = """
echo "$DNF0 $*" >> "$BASE/asked"
[ -e "$BASE/repository" ] || exit 1
case "$*" in
*" download "*)
  [ ! -e "$BASE/no-plugin" ] || exit 1
  while [ "$1" != --destdir ]; do shift; done
  cp "$BASE/repository" "$2/ocsinventory-server-2.9.0-2.neteye4.25.noarch.rpm";;
*" repoquery --location "*) echo "file://$BASE/repository";;
esac
"""


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    made = Nodes(tmp_path, N)
    made.program("rpm2cpio", 'cat "$1"')
    made.program("cpio", "cat")
    made.program("dnf", DNF)
    made.path(N, "/var/cache/dnf/neteye-1/packages").mkdir(parents=True)
    return made


def query(digest: str = DIGEST) -> Query[Pristine]:
    return text_of(SERVER_CONF, PACKAGE, digest, repository="neteye", source="4.25")


def ask(nodes: Nodes, digest: str = DIGEST) -> Pristine:
    return FakeLook(nodes).ask(N, query(digest))


def test_it_is_a_secret_and_in_no_record(nodes: Nodes) -> None:
    assert query().secret
    nodes.put(N, f"/var/cache/dnf/neteye-1/packages/{RPM}", TEXT)
    assert "factory-word" not in repr(ask(nodes))


def test_the_cache_is_enough(nodes: Nodes) -> None:
    nodes.put(N, f"/var/cache/dnf/neteye-1/packages/{RPM}", TEXT)
    found = ask(nodes)
    assert found.text is not None
    assert found.text.reveal() == TEXT
    assert found.said == f"{PACKAGE}, from dnf's cache"
    assert not (nodes.base / "asked").exists()


@pytest.mark.parametrize("plugin", [True, False])
def test_the_repository_of_the_source_has_it(nodes: Nodes, plugin: bool) -> None:
    (nodes.base / "repository").write_text(TEXT)
    if not plugin:
        (nodes.base / "no-plugin").touch()
    # another build of the same version is no answer
    nodes.put(N, f"/var/cache/dnf/neteye-1/packages/{RPM}", TEXT.replace("factory", "other"))
    found = ask(nodes)
    assert found.text is not None
    assert found.text.reveal() == TEXT
    assert "the repository of 4.25" in found.said
    asked = (nodes.base / "asked").read_text()
    assert asked.startswith("4.25 ")
    assert "--disablerepo=* --enablerepo=neteye" in asked
    assert PACKAGE in asked


@pytest.mark.parametrize("there", [None, TEXT.replace("factory", "other"), ""])
def test_what_is_not_there_or_another_is_not_taken(nodes: Nodes, there: str | None) -> None:
    if there is not None:
        (nodes.base / "repository").write_text(there)
    found = ask(nodes)
    assert found.text is None
    assert "neither in dnf's cache nor in the repository of 4.25" in found.said


def test_nothing_is_left_behind(nodes: Nodes, tmp_path: Path) -> None:
    (nodes.base / "repository").write_text(TEXT)
    nodes.program("mktemp", f'mkdir "{tmp_path}/work" && echo "{tmp_path}/work"')
    ask(nodes)
    assert not (tmp_path / "work").exists()


def test_old_digests_are_known_by_their_length(nodes: Nodes) -> None:
    (nodes.base / "repository").write_text(TEXT)
    assert ask(nodes, hashlib.md5(TEXT.encode()).hexdigest()).text is not None


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ({}, "not on record"),
        ({N: {RESTAPI_CONF: {"package": PACKAGE, "digest": DIGEST}}}, "not on record"),
        ({N: {SERVER_CONF: {"package": PACKAGE, "digest": DIGEST}}}, "neither in dnf's cache"),
    ],
)
def test_without_it_the_reason_is_told(nodes: Nodes, fact: dict[str, object], said: str) -> None:
    look = FakeLook(nodes)
    look.memory.facts[FACT] = {"nodes": fact}
    found = old_default(look, N, SERVER_CONF, repository="neteye", source="4.25")  # type: ignore[arg-type]
    assert found.text is None
    assert said in found.said


def test_a_node_that_does_not_answer_is_a_reason_too(nodes: Nodes) -> None:
    look = FakeLook(nodes)
    look.memory.facts[FACT] = {"nodes": {N: {SERVER_CONF: {"package": PACKAGE, "digest": DIGEST}}}}
    nodes.program("mktemp", "exit 1")
    nodes.program("sh", "exit 9")
    found = old_default(look, N, SERVER_CONF, repository="neteye", source="4.25")  # type: ignore[arg-type]
    assert found.text is None
    assert found.said.startswith("no answer: ")


def test_packages_and_digests_are_read_from_rpm(nodes: Nodes) -> None:
    """As rpm 4.14 and 4.18 print it; one of the two files is not there."""
    nodes.put(N, SERVER_CONF, "edited")
    nodes.program(
        "rpm",
        f"""
echo "{PACKAGE} {RESTAPI_CONF} {"a" * 64}"
echo "{PACKAGE} {SERVER_CONF} {DIGEST}"
echo "{PACKAGE} /usr/share/ocs "
""",
    )
    assert FakeLook(nodes).ask(N, OWNERS)[SERVER_CONF] == {"package": PACKAGE, "digest": DIGEST}
    nodes.program("rpm", 'echo "file is not owned by any package"; exit 1')
    assert FakeLook(nodes).ask(N, OWNERS) == {}


def test_an_owner_that_rpm_can_not_read_is_no_answer(nodes: Nodes) -> None:
    nodes.put(N, SERVER_CONF, "edited")
    nodes.program(
        "rpm",
        """
echo "error: rpmdbNextIterator: skipping h#      2 Header sanity: BAD" >&2
echo "file is not owned by any package"
exit 1
""",
    )
    with pytest.raises(ParseError, match="skipping h#      2"):
        FakeLook(nodes).ask(N, OWNERS)
