"""The position of a cluster whose release files say the target: the packages decide."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.model.answer import Answer
from engine.record.position import AT_TARGET
from tests.engine import kit
from tests.engine.scripted import said
from tests.plugin.kit import PACKAGES_LEFT, SECOND, Project
from tests.plugin.test_plugin_takeover import append, journal, upgraded
from tests.plugin.test_plugin_takeover import begun as begun
from tests.plugin.test_plugin_takeover import judging as judging

pytest_plugins = "pytester"

BEHIND = "== behind\n\nnats-server.noarch  2.8.4-1.neteye  neteye\n"
NO_REPOSITORY = "Error: Failed to download metadata for repo 'neteye'"


@pytest.mark.parametrize(
    ("answer", "position"),
    [
        (lambda: said("== behind\n"), "reactivated"),
        (lambda: said(BEHIND), "upgrade under way"),
        (lambda: said(code=1, stderr=NO_REPOSITORY), "upgrade under way"),
    ],
)
def test_packages_of_the_old_version_are_an_upgrade_under_way(
    begun: Project, answer: Callable[[], Answer], position: str
) -> None:
    upgraded(begun)
    begun.cluster.answer[SECOND, PACKAGES_LEFT.argv] = answer()
    begun.run("--plan")
    assert begun.summary["position"] == position


def test_what_a_run_has_seen_is_not_asked_again(begun: Project) -> None:
    """A repository that has got newer packages since takes nothing back."""
    upgraded(begun)
    append(journal(begun), kit.event("fact", name=AT_TARGET, round="upgrade-1", nodes={}))
    begun.cluster.answer[SECOND, PACKAGES_LEFT.argv] = said(BEHIND)
    begun.run("--plan")
    assert begun.summary["position"] == "reactivated"
