"""An attempt of four runs on five nodes, and what its pages are to whoever reads them.

Killed during `neteye update`; stopped, as OTHER is out of reach in the upgrade; cut off from N,
which is restored, while the second round comes to the planned stop; finished, after a plan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.verify import verify
from tests.evidence.browser import Browser
from tests.evidence.looking import HEIGHT, PHONE, SCREEN, TOO_WIDE, Look, axe_says
from tests.faults.fault import Fault
from tests.faults.lab import FIRST_ROUND, Lab
from tests.faults.strikes import cut, sshd_stopped
from tests.integration.clusters import Clusters
from tests.integration.invocation import Ran
from tests.integration.test_a_plan import steps_of

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

FIVE = "operative=3,elastic=1,voting=1"
FAULT = Fault("several-nights", "an attempt of four runs", FIVE, lambda lab: None, "guide")
ROUND_ENDED = "test -e /var/lib/neteye-runbook/attempts/*/commands/upgrade-2/status"
NO_TARGET = """
const links = [...document.querySelectorAll('a[href^="#"]')];
const bare = links.map(one => one.getAttribute("href").slice(1));
return [...new Set(bare)].filter(id => !document.getElementById(decodeURIComponent(id)));
"""


@dataclass(frozen=True)
class Nights:
    """The four runs, and the plan before the last of them."""

    runs: tuple[Ran, ...]
    planned: Ran


@pytest.fixture(scope="module")
def nights(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    cluster = clusters.get("nights", FIVE, seed=16, settings={"seconds_per_node": 4})
    cluster.is_spoilt = True
    lab = Lab(FAULT, cluster, tmp_path_factory.mktemp("nights"))
    with lab.stack:
        first = lab.start()
        first.until_intent("update.run#1")
        lab.until_task(first, "update-1", "packages")
        first.kill()
        killed = Ran(first.process.returncode, first.text, first.directory)
        second = lab.start()
        second.until_intent(FIRST_ROUND)
        with sshd_stopped(lab, cluster.other):
            stopped = lab.expect(second, (1, 11), cluster.other)
        third = lab.start(absence_seconds=20)
        # its intent is here before it is on N: cut off between them nothing would be begun
        lab.until_task(third, "upgrade-2", "health")
        with cut(lab, cluster.active):
            third.until("its stop", lambda: any(e["event"] == "stopped" for e in third.events()))
            lab.wait_for("the end of that round", cluster.active, ROUND_ENDED)
        lost = lab.expect(third, 12, "may still run")
        planned = lab.expect(lab.start("--plan"), 0, evidence=False)
        yield Nights((killed, stopped, lost, lab.run_again()), planned)


@pytest.fixture(scope="module")
def last(nights: Nights) -> Path:
    directory = nights.runs[-1].directory
    assert directory is not None
    return directory


@pytest.fixture(scope="module")
def page(last: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    text = (last / "evidence.html").read_text()
    with Browser.started(tmp_path_factory.mktemp("browser")) as browser:
        yield Look(text, browser, tmp_path_factory.mktemp("page"))


def test_it_ends_well_and_nobody_has_touched_it(last: Path) -> None:
    assert json.loads((last / "summary.json").read_text())["outcome"] == "done"
    lines = verify(last).lines
    assert not [line for line in lines if "NOT VALID" in line or "not here" in line]


def test_the_round_that_ended_while_nobody_looked_is_taken_before_its_files_are_migrated(
    nights: Nights,
) -> None:
    changes = [change["step"] for change in nights.runs[-1].changes]
    migrated = {step for step in changes if step.startswith("migration.")}
    assert {step[: step.index("]") + 1] for step in migrated} == {
        "migration.credentials[2]",
        "migration.files[2]",
    }
    assert changes.index("upgrade.run[3]") > max(changes.index(step) for step in migrated)


def test_the_plan_before_has_said_so(nights: Nights) -> None:
    steps = steps_of(nights.planned)
    assert steps["upgrade.run[2]"]["reason"].startswith("bookkeeping: exit status ")
    verdicts: dict[str, set[str]] = {}
    for name, step in steps.items():
        if name.startswith("migration.files"):
            verdicts.setdefault(name[: name.index("]") + 1], set()).add(step["verdict"])
    assert verdicts["migration.files[1]"] == {"SATISFIED"}
    assert verdicts["migration.files[2]"] == {"WILL RUN"}


def test_the_page_tells_each_run(nights: Nights, page: Look) -> None:
    for run in nights.runs:
        assert run.directory is not None
        assert run.directory.name in page.page
    assert "without a word" in page.page


def test_every_link_leads_somewhere(page: Look, last: Path) -> None:
    assert page.ask(NO_TARGET) == []
    files = set(re.findall(r'href="((?:outputs|earlier|backups)/[^"#]+)', page.page))
    assert files
    assert [name for name in files if not (last / name).is_file()] == []


def test_it_is_read_in_twelve_screens_and_fifteen_sheets(page: Look) -> None:
    assert page.ask(HEIGHT) <= 12 * SCREEN
    assert page.pages_on_paper() <= 15
    assert len(page.page.encode()) <= 1_500_000


def test_axe_finds_nothing(page: Look) -> None:
    assert not any(axe_says(page, []).values())


@pytest.mark.parametrize("opened", [False, True], ids=["folded", "opened"])
def test_nothing_scrolls_sideways_on_a_phone(page: Look, opened: bool) -> None:
    assert page.ask(TOO_WIDE, width=PHONE, opened=opened) == {"scrolls": False, "wide": []}
