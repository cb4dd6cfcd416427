"""Who is told of an upgrade in two nights, and what N says of it while its machine is gone.

Four runs: ended for the night as asked; killed in the first round, while the webhook answers 500;
blocked, as OTHER is out of reach, while the webhook hangs; gone on with by another person.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.verify import check_witness, read_chain
from rehearsal.run import wait_for
from tests.engine.test_webhook import TOKEN, Server, text_of
from tests.faults.fault import Fault
from tests.faults.lab import FIRST_ROUND, Lab
from tests.faults.strikes import sshd_stopped
from tests.integration.clusters import SETTLE, Clusters
from tests.integration.conftest import TWO
from tests.integration.invocation import Ran, environment

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

FAULT = Fault("who-is-told", "an upgrade in two nights", TWO, lambda lab: None, "guide")
IN_AN_ARGUMENT = "T0kenInTheCommandLine"
LEASE = 20
PHASES = (
    *("preflight", "baseline", "update", "again", "backup", "upgrade", "migration"),
    *("verification", "reactivation", "failover", "closing"),
)


@dataclass(frozen=True)
class Look:
    """What `watch --on-node` said."""

    code: int
    said: dict[str, str]
    text: str


@dataclass(frozen=True)
class Told:
    """One run, what the operator's command got of it, and what the webhook did."""

    ran: Ran
    messages: list[dict[str, Any]]
    posted: list[str]

    def occasions(self) -> list[str]:
        """In order, but for the signs of life, which come when it is silent for long."""
        return [one["occasion"] for one in self.messages if one["occasion"] != "alive"]

    def of(self, occasion: str) -> dict[str, Any]:
        """The one message of an occasion."""
        (found,) = (one for one in self.messages if one["occasion"] == occasion)
        return found


@dataclass(frozen=True)
class Nights:
    """The four runs, and the looks at N in between."""

    asked: Told
    killed: Told
    blocked: Told
    done: Told
    looks: dict[str, Look]
    place: Path


@dataclass
class Teller:
    """Keeps what a command and a webhook are told by one run after the other."""

    lab: Lab
    server: Server
    place: Path

    def settings(self, form: str) -> dict[str, object]:
        """The inventory's, of who is told."""
        address, program = self.place / "address", self.place / "keep"
        address.write_text(f"{self.server.url()}\n")
        address.chmod(0o600)
        program.write_text(f"#!/bin/sh\ncat >> {self.place / 'told'}\n")
        program.chmod(0o755)
        return {
            "notify_command": f"{program} {IN_AN_ARGUMENT}",
            "notify_url_file": address,
            "notify_form": form,
            "notify_every": 1,
            "lease_seconds": LEASE,
        }

    def told(self, form: str, run: Callable[[], Ran]) -> Told:
        """What is told while a run is made."""
        file = self.place / "told"
        before, posted = len(_lines(file)), len(self.server.got)
        ran = run()
        texts = [text_of(form, body) for _, _, body in self.server.got[posted:]]
        return Told(ran, [json.loads(line) for line in _lines(file)[before:]], texts)

    def look(self) -> Look:
        """`python -m engine watch --on-node`."""
        project = self.lab.project()
        words = ["watch", "--on-node", "--inventory", str(project.directory / "prod.ini")]
        done = subprocess.run(
            [sys.executable, "-m", "engine", *words],
            cwd=project.directory,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=SETTLE,
            check=False,
        )
        said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
        return Look(done.returncode, said, done.stdout + done.stderr)

    def until_silent(self) -> Look:
        """The first look that alarms."""
        looks: list[Look] = []

        def missing() -> str | None:
            looks.append(self.look())
            return None if looks[-1].code else looks[-1].text

        wait_for("a look that alarms", missing, seconds=SETTLE)
        return looks[-1]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module")
def nights(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    cluster = clusters.get("told", TWO, seed=18, settings={"seconds_per_node": 4})
    cluster.is_spoilt = True
    lab = Lab(FAULT, cluster, tmp_path_factory.mktemp("nights"))
    place = tmp_path_factory.mktemp("told")
    looks: dict[str, Look] = {}
    with lab.stack, Server().served() as server:
        teller = Teller(lab, server, place)

        def started(form: str, *arguments: str, by: str = "A. Rossi") -> Any:
            return lab.start(*arguments, "--by", by, **teller.settings(form))

        asked = teller.told("teams", lambda: lab.expect(started("teams", "--until", "update"), 0))
        looks["as asked"] = teller.look()

        def killed() -> Ran:
            running = started("slack")
            running.until_intent(FIRST_ROUND)
            lab.until_task(running, "upgrade-1", "packages")
            looks["at work"] = teller.look()
            running.kill()
            return Ran(running.process.returncode, running.text, running.directory)

        server.statuses = [500]
        second = teller.told("slack", killed)
        looks["killed"] = teller.until_silent()
        server.statuses = [200]
        server.may_answer.clear()
        with sshd_stopped(lab, cluster.other):
            third = teller.told("mattermost", lambda: lab.expect(started("mattermost"), (1, 10)))
        server.may_answer.set()
        looks["blocked"] = teller.look()
        last = teller.told("slack", lambda: lab.expect(started("slack", by="B. Bianchi"), 0))
        looks["done"] = teller.look()
        yield Nights(asked, second, third, last, looks, place)


def phases(told: Told) -> list[str]:
    found = (re.match(r"phase (\w+) begins", one["text"]) for one in told.messages)
    return [one[1] for one in found if one]


def failures(told: Told) -> list[str]:
    """As the console told them when they came; at the run's end they are warnings."""
    return re.findall(r"^webhook .* was not told .*$", told.ran.console, re.MULTILINE)


def in_order(found: list[str]) -> bool:
    """Each once at most, as they follow each other; one that is over at once may be left out."""
    places = [PHASES.index(phase) for phase in found]
    return places == sorted(set(places))


def test_a_night_that_ends_as_asked_tells_its_own_phases(nights: Nights) -> None:
    told = nights.asked
    assert told.occasions()[0] == "begun"
    assert told.occasions()[-1] == "end"
    assert set(told.occasions()[1:-1]) == {"phase"}
    assert in_order(phases(told))
    assert "update" in phases(told)
    assert set(phases(told)) <= {"preflight", "baseline", "update", "closing"}
    assert "by A. Rossi (root) on " in told.of("begun")["text"]
    assert "to end behind the phase update" in told.of("begun")["text"]
    assert told.of("end")["text"].startswith("stopped as asked (exit code 0)\n")
    assert "what to do: " in told.of("end")["text"]
    assert "\n".join(told.posted).count("stopped as asked (exit code 0)") == 1


def test_a_webhook_that_answers_500_is_told_of_twice_and_holds_nothing_up(nights: Nights) -> None:
    said = failures(nights.killed)
    assert said[0] == "webhook (slack) was not told (begun): it answered HTTP 500; the run goes on"
    assert said[1].startswith(
        "webhook (slack) was not told 2 times in a row (it answered HTTP 500)"
    )
    assert len(said) == 2
    assert "no-return" in nights.killed.occasions()
    assert any(": no-return: " in text for text in nights.killed.posted)


def test_a_webhook_that_hangs_keeps_nothing_from_the_other(nights: Nights) -> None:
    told = nights.blocked
    assert told.occasions() == ["begun", "phase", "stop", "end"]
    stop, end = told.of("stop"), told.of("end")
    assert (stop["outcome"], stop["exit_code"]) == ("blocked", 10)
    assert f"what to do: {stop['what_to_do']}" in stop["text"]
    assert end["text"].startswith("blocked (exit code 10)\n")
    assert len(failures(told)) == 2
    known = [e["problem"] for e in told.ran.events if e["event"] == "notified" and e["problem"]]
    assert {one.partition(" within")[0] for one in known} == {"no answer"}


def test_the_last_night_says_who_began_and_ends_once(nights: Nights) -> None:
    told = nights.done
    assert "by B. Bianchi (root) on " in told.of("begun")["text"]
    assert "; it goes on with what A. Rossi (root) on " in told.of("begun")["text"]
    assert in_order(phases(told))
    assert {"upgrade", "migration", "verification"} <= set(phases(told))
    assert told.of("end")["text"].startswith("done (exit code 0)\n")
    assert "this upgrade was begun by A. Rossi (root)" in told.ran.console
    assert told.ran.summary["begun_by"]["operator"] == "A. Rossi (root)"


def test_each_message_is_a_witness_of_its_run(nights: Nights, tmp_path: Path) -> None:
    for told in (nights.asked, nights.blocked, nights.done):
        assert told.ran.directory is not None
        journal = (told.ran.directory / "journal.jsonl").read_bytes()
        path = tmp_path / "told"
        path.write_text("".join(f"{one['witness']}\n" for one in told.messages))
        proved = check_witness(path, {"journal.jsonl": read_chain(journal, "journal.jsonl")})
        assert "NOT" not in " ".join(proved)
        lines = re.findall(r"line \d+ of journal\.jsonl \((.*?)\)", " ".join(proved))
        assert lines == [one["occasion"] for one in told.messages]


def test_no_address_and_no_argument_is_left_anywhere(nights: Nights) -> None:
    every = (nights.asked, nights.killed, nights.blocked, nights.done)
    for told in every:
        assert told.ran.directory is not None
        files = [path for path in told.ran.directory.rglob("*") if path.is_file()]
        texts = [told.ran.console.encode(), *(path.read_bytes() for path in files)]
        texts.append(json.dumps([told.messages, told.posted]).encode())
        for secret in (TOKEN, IN_AN_ARGUMENT):
            assert not any(secret.encode() in text for text in texts), secret


@pytest.mark.parametrize(
    ("when", "code", "words"),
    [
        ("as asked", 0, ("stopped as asked, exit code 0", "nothing until the next night")),
        ("at work", 0, ("this run follows it", "A. Rossi (root) on")),
        (
            "killed",
            1,
            ("SILENT since ", "neteye upgrade, round 1", "changed for a time: ", "fencing"),
        ),
        ("blocked", 1, ("blocked, exit code 10",)),
        ("done", 0, ("done, exit code 0", "what to do: nothing\n")),
    ],
)
def test_what_n_says(nights: Nights, when: str, code: int, words: tuple[str, ...]) -> None:
    look = nights.looks[when]
    assert look.code == code, look.text
    assert [word for word in words if word not in look.text] == [], look.text
