"""Files that a person has to merge: the report shows what is in them, and no secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.query import Query
from engine.queries.machine import LEFTOVERS
from engine.secrets import Secret
from runbook.cluster.leftovers import LIMIT, MOST, attach_diffs, difference
from tests.actions.ocs_nodes import FakeLook, N, Nodes

CONF = "/etc/own.conf"


class Attached:
    """The evidence of a step, as far as attachments go."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def attach(self, name: str, text: str) -> None:
        self.texts[name] = text


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path, N)


def shown(nodes: Nodes, path: str) -> str:
    return difference(FakeLook(nodes), N, path)  # type: ignore[arg-type]


def test_the_diff_goes_from_the_old_file_to_the_new_one(nodes: Nodes) -> None:
    nodes.put(N, CONF, "a\nmine\n")
    nodes.put(N, f"{CONF}.rpmnew", "a\ntheirs\n")
    assert "-mine\n+theirs" in shown(nodes, f"{CONF}.rpmnew")
    nodes.put(N, f"{CONF}.rpmsave", "a\nmine before\n")
    assert "-mine before\n+mine" in shown(nodes, f"{CONF}.rpmsave")
    nodes.put(N, f"{CONF}.rpmnew", "a\nmine\n")
    assert shown(nodes, f"{CONF}.rpmnew") == "the two have the same text"


def test_of_an_rpmorig_the_package_s_text_is_live(nodes: Nodes) -> None:
    nodes.put(N, CONF, "vendor\n")
    nodes.put(N, f"{CONF}.rpmorig", "mine\n")
    assert "-mine\n+vendor" in shown(nodes, f"{CONF}.rpmorig")


def test_a_link_is_shown_as_one_and_never_followed(nodes: Nodes) -> None:
    """rpm leaves a link where the new default is one; the live file may be a link of the site."""
    nodes.put(N, CONF, "mine\n")
    nodes.path(N, f"{CONF}.rpmnew").symlink_to("/usr/lib/nowhere")
    assert "a symbolic link to /usr/lib/nowhere" in shown(nodes, f"{CONF}.rpmnew")
    nodes.path(N, CONF).rename(nodes.path(N, "/etc/site"))
    nodes.path(N, CONF).symlink_to("site")
    nodes.path(N, f"{CONF}.rpmnew").unlink()
    nodes.put(N, f"{CONF}.rpmnew", "theirs\n")
    assert "-mine\n+theirs" in shown(nodes, f"{CONF}.rpmnew")


def test_a_directory_is_not_compared(nodes: Nodes) -> None:
    nodes.put(N, CONF, "vendor\n")
    nodes.path(N, f"{CONF}.rpmorig").mkdir()
    assert "no file" in shown(nodes, f"{CONF}.rpmorig")


def test_what_rpm_leaves_is_found_whatever_it_is(nodes: Nodes) -> None:
    """Seen with rpm 4.18: links of every kind, and a directory saved as .rpmorig."""
    etc = nodes.path(N, "/etc")
    for name in ("a.rpmnew", "b.rpmsave", "c.rpmorig"):
        (etc / name).write_text("x")
    (etc / "d.rpmnew").symlink_to("/usr/lib/nowhere")
    (etc / "e.rpmsave").symlink_to("a.rpmnew")
    (etc / "f.rpmorig").mkdir()
    (etc / "f.rpmorig" / "inside.conf").write_text("x")
    (etc / "g.rpmnew.bak").write_text("x")
    found = FakeLook(nodes).ask(N, query_below(nodes))
    assert found == tuple(
        f"/etc/{name}"
        for name in ("a.rpmnew", "b.rpmsave", "c.rpmorig", "d.rpmnew", "e.rpmsave", "f.rpmorig")
    )


def query_below(nodes: Nodes) -> Query[tuple[str, ...]]:
    """The question for leftovers, below the directory that stands for the node."""
    roots = [str(nodes.path(N, path)) if path in ROOTS else path for path in LEFTOVERS.argv]
    return replace(LEFTOVERS, argv=tuple(roots))


ROOTS = ("/etc", "/neteye")


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("password = hidden-word", "password = "),
        ("password: hidden-word", "password: "),
        ('"db_passwd": "hidden-word",', '"db_passwd": '),
        ("<password>hidden-word</password>", "<password>"),
        ("AuthLDAPBindPassword hidden-word", "AuthLDAPBindPassword "),
        ("api_key=hidden-word", "api_key="),
        ("client-secret hidden-word", "client-secret "),
        ("-----BEGIN RSA PRIVATE KEY-----\nhidden-word\n-----END RSA PRIVATE KEY-----", "BEGIN"),
    ],
)
def test_secrets_are_masked(nodes: Nodes, line: str, stays: str) -> None:
    nodes.put(N, CONF, f"first\n{line}\n")
    nodes.put(N, f"{CONF}.rpmnew", "second\n")
    text = shown(nodes, f"{CONF}.rpmnew")
    assert "hidden-word" not in text
    assert stays in text
    assert "+second" in text


def test_the_middle_of_a_key_is_no_context(nodes: Nodes) -> None:
    """Three lines around a change may lie in a key whose head is far above."""
    key = "\n".join(f"hidden-{number}" for number in range(30))
    block = f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"
    nodes.put(N, CONF, f"{block}mine\n")
    nodes.put(N, f"{CONF}.rpmnew", f"{block}theirs\n")
    assert "hidden" not in shown(nodes, f"{CONF}.rpmnew")


@pytest.mark.parametrize("name", ["shadow", "gshadow", "server.key", "htpasswd", "secrets.yml"])
def test_files_of_secrets_are_not_shown(nodes: Nodes, name: str) -> None:
    look = FakeLook(nodes)
    assert "holds secrets" in difference(look, N, f"/etc/{name}.rpmnew")  # type: ignore[arg-type]
    assert look.asked == []


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "no such file"), (b"\xff\xfe", "no UTF-8"), (b"x" * (LIMIT + 1), "more than 128 KiB")],
)
def test_what_can_not_be_compared_says_why(nodes: Nodes, content: bytes | None, why: str) -> None:
    nodes.put(N, f"{CONF}.rpmnew", "new\n")
    if content is not None:
        nodes.path(N, CONF).write_bytes(content)
    assert why in shown(nodes, f"{CONF}.rpmnew")


def test_a_node_without_an_answer_spoils_no_finding(nodes: Nodes) -> None:
    nodes.program("sh", "exit 9")
    assert "not compared" in shown(nodes, f"{CONF}.rpmnew")


def test_each_file_of_each_node_is_attached_up_to_a_limit(nodes: Nodes) -> None:
    evidence: Any = Attached()
    found = {N: [f"/etc/{number:02}.rpmnew" for number in range(MOST + 5)]}
    attach_diffs(FakeLook(nodes), evidence, found)  # type: ignore[arg-type]
    assert len(evidence.texts) == MOST
    assert f"/etc/00.rpmnew on {N}, secrets masked" in evidence.texts


@pytest.mark.parametrize("name", ["hidden-word", "password=another", "a%2Fhidden-word"])
def test_a_file_with_a_secret_in_its_name_is_not_asked_for(nodes: Nodes, name: str) -> None:
    """Its name would stand in an argument list, here and on the node."""
    path = f"/etc/{name}.rpmsave"
    nodes.put(N, path, "x\n")
    look = FakeLook(nodes)
    look.redactor.learn(Secret("hidden-word"), Secret("a/hidden-word"))
    assert "not shown" in difference(look, N, path)  # type: ignore[arg-type]
    assert look.asked == []
