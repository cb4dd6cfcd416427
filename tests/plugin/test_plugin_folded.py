"""Nodes out of reach: one cause each on screen and page, every finding in summary.json."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.model.answer import Lost, LostKind
from engine.queries.identity import WHO
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import SECOND, THIRD, Project
from tests.plugin.plans import words_of

pytest_plugins = "pytester"

ASKING = """
from runbook.phases.test_10_preflight import test_environment, test_reachable
from runbook.phases.test_10_preflight import test_roles, test_versions
"""
WHY = "ssh says: No ED25519 host key is known for [192.0.2.2]:22"


@pytest.mark.parametrize("options", [("--plan",), ()], ids=["plan", "run"])
def test_what_follows_from_nodes_out_of_reach_is_folded(
    project: Project, options: tuple[str, ...]
) -> None:
    project.steps(ASKING)
    for node in (SECOND, THIRD):
        lost = Lost(node, f"no ssh connection to {node}; {WHY}", LostKind.HOST_KEY)
        project.cluster.answer[node, WHO.argv] = lost
    result = project.run(*options)
    assert result.ret == 10
    text = words_of(result)
    assert text.count(WHY) == 4, "once where it is found and once at the end, for each node"
    asked = (
        "not asked of it, 3 questions: rehearsal marker, /etc/neteye-cluster, /etc/neteye-release"
    )
    assert text.count(asked) == 2
    assert f"{SECOND}, {THIRD}: out of reach, and not asked for rehearsal marker" in text
    found = project.summary["findings"]
    assert Counter(one.get("follows", "") for one in found if one["severity"] == "block") == {
        "": 2,
        f"node-unreachable@{SECOND}": 3,
        f"node-unreachable@{THIRD}": 3,
    }
    for name in ("report.html", "evidence.html"):
        assert (project.latest / name).read_text().count(asked) == 2
    assert problems_of_run(project.latest) == []
