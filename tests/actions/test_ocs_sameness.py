"""The OCS files of nodes that do not run httpd, compared with those of N."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.finding import Finding
from runbook.to_4_26.httpd.sameness import compared_with_n, not_as_on_n
from runbook.to_4_26.names import RESTAPI_CONF, SERVER_CONF
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.ocs_nodes import DATA, OTHER, FakeLook, N, Nodes
from tests.judge import builders as b

VARIABLE = "INVENTORY_DB_WORD"
NEW = {
    SERVER_CONF: (DATA / "server-new.conf").read_text(),
    RESTAPI_CONF: (DATA / "restapi-new.conf").read_text(),
}


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    made = Nodes(tmp_path, N, OTHER)
    for node in (N, OTHER):
        for path, text in NEW.items():
            made.put(node, path, text)
    return made


def compared(nodes: Nodes) -> tuple[list[Finding], dict[str, list[str]]]:
    return compared_with_n(FakeLook(nodes), VARIABLE)  # type: ignore[arg-type]


def change(nodes: Nodes, node: str, path: str, old: str, new: str) -> None:
    assert old in NEW[path]
    nodes.put(node, path, NEW[path].replace(old, new))


def test_the_same_files_differ_in_nothing(nodes: Nodes) -> None:
    assert compared(nodes) == ([], {f"{OTHER}:{path}": [] for path in NEW})


def test_form_is_no_difference(nodes: Nodes) -> None:
    nodes.put(OTHER, SERVER_CONF, NEW[SERVER_CONF].replace("\n", "\r\n").replace("  ", "\t"))
    assert compared(nodes)[1][f"{OTHER}:{SERVER_CONF}"] == []


def test_edits_of_a_node_are_told_and_are_left_to_a_person(nodes: Nodes) -> None:
    change(
        *(nodes, OTHER, SERVER_CONF, "  PerlAddVar OCS_OPT_TRUSTED_IP 127.0.0.1\n"),
        "  PerlAddVar OCS_OPT_TRUSTED_IP 127.0.0.1\n  PerlAddVar OCS_OPT_TRUSTED_IP 10.0.0.1\n"
        "  PerlSetVar OCS_DB_SL_PWD hidden-word\n  AuthLDAPBindPassword hidden-word\n",
    )
    findings, differences = compared(nodes)
    assert findings == []
    assert differences[f"{OTHER}:{SERVER_CONF}"] == [
        "PerlAddVar OCS_OPT_TRUSTED_IP 127.0.0.1 | PerlAddVar OCS_OPT_TRUSTED_IP 10.0.0.1"
        " (N: PerlAddVar OCS_OPT_TRUSTED_IP 127.0.0.1), in <ifmodule mod_perl.c>",
        "PerlSetVar OCS_DB_SL_PWD ******** (N: not set), in <ifmodule mod_perl.c>",
        "AuthLDAPBindPassword ******** (N: not set), in <ifmodule mod_perl.c>",
    ]
    (finding,) = found = not_as_on_n(N, differences)
    assert (finding.code, finding.subject) == ("ocs-settings-differ", f"{OTHER}:{SERVER_CONF}")
    assert finding.observed.startswith(f"not as on {N}: 3 settings: PerlAddVar OCS_OPT_TRUSTED_IP")
    assert "hidden-word" not in str(finding)
    b.assert_told_well(found)
    assert SEVERITIES.of(finding.code) == "warn"
    assert SEVERITIES.lasting[finding.code].is_task


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a"], "1 setting: a"),
        (["a", "b", "c"], "3 settings: a; b; c"),
        (list("abcde"), "5 settings: a; b; c; and 2 more"),
    ],
)
def test_a_finding_names_the_first_settings_and_counts_all(lines: list[str], said: str) -> None:
    (finding,) = not_as_on_n(N, {"there:/x": lines, "there:/y": []})
    assert finding.observed == f"not as on {N}: {said}"


@pytest.mark.parametrize("node", [N, OTHER])
@pytest.mark.parametrize(
    ("path", "old", "new", "seen"),
    [
        (SERVER_CONF, f'"${{{VARIABLE}}}"', "hidden-word", "a literal"),
        (SERVER_CONF, VARIABLE, "ANOTHER", "it refers to ANOTHER"),
        (SERVER_CONF, "</IfModule>", "", "is not closed"),
        (RESTAPI_CONF, f"PerlPassEnv {VARIABLE}\n", "", "only after the block"),
        (RESTAPI_CONF, f"$ENV{{{VARIABLE}}}", "'hidden-word'", "a literal"),
    ],
)
def test_a_file_without_the_variable_is_a_finding(
    nodes: Nodes, node: str, path: str, old: str, new: str, seen: str
) -> None:
    change(nodes, node, path, old, new)
    (finding,), differences = compared(nodes)
    assert (finding.code, finding.subject) == ("ocs-file-unfit", f"{node}:{path}")
    assert set(differences) == {f"{OTHER}:{each}" for each in NEW} - {f"{node}:{path}"}
    assert seen in finding.observed
    assert "hidden-word" not in str(finding)


def test_a_file_that_is_not_there_is_a_finding(nodes: Nodes) -> None:
    nodes.path(OTHER, RESTAPI_CONF).unlink()
    assert [finding.observed for finding in compared(nodes)[0]] == [
        "as the password of the database: the file is not there"
    ]
