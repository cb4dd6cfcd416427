"""A stranger checks approvals: `verify.py` holds each file to the approvers that lie there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.model.approval import SeenApproval
from engine.prove.approvals import approve, read_approvals
from engine.prove.approved import keep
from engine.prove.seal import seal
from engine.record.material import material_hash
from engine.verify import NOT_PROVED, NOT_VALID, USAGE, VALID
from tests.engine import kit
from tests.engine.kit import BEGIN
from tests.evidence.sealed import Signed, new_key

FACTS: dict[str, Any] = {
    "cluster": "neteye.example.test",
    "source": "4.25",
    "target": "4.26",
    "runbook": "a" * 64,
}


@dataclass
class Made:
    """How a run went that was approved; what is told here is sealed as it is told."""

    place: Path
    key: Path
    approvers: Path
    plan: dict[str, Any] = field(default_factory=lambda: dict(FACTS))
    hash: str = ""
    """Of the plan, in place of its own."""
    tell: Callable[[dict[str, Any]], Any] = lambda fact: None
    """Changes the fact before it is recorded."""
    counted: Callable[[SeenApproval], SeenApproval] = lambda seen: seen
    before: tuple[dict[str, Any], ...] = ()
    after: tuple[dict[str, Any], ...] = ()
    """Other events, before and after it counted."""

    def signed(self) -> Signed:
        public = self.key.with_suffix(".pub").read_text()
        self.approvers.write_text(f"b@example.test {public}")
        plan = {"hash": self.hash or material_hash(self.plan), "material": self.plan}
        until = BEGIN + timedelta(days=2)
        content = approve(plan, name="B. Bianchi", now=BEGIN, until=until, key=self.key)
        given = self.place / "given"
        given.mkdir()
        (given / "b.approval.json").write_bytes(content)
        run = kit.make_run(self.place, signing_key=self.place / "no-such-key")
        run.record("run-started", **FACTS)
        for one in self.before:
            run.record(**one)
        (seen,) = read_approvals(given, self.approvers)
        fact = keep(run, [self.counted(seen)])
        self.tell(fact)
        run.record("fact", step="preflight.governance", name="approvals", **fact)
        for one in self.after:
            run.record(**one)
        sealed = seal(run)
        return Signed(run.directory, sealed.head, self.approvers, sealed)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path, new_key(tmp_path, "of-b"), tmp_path / "approvers")


def test_it_says_who_approved_by_which_files(made: Made) -> None:
    run = made.signed()
    done = run.verify()
    assert done.returncode == NOT_PROVED
    assert "approved by b@example.test (B. Bianchi, key SHA256:" in done.stdout
    assert "outputs/0001-b.approval.json.txt holds by the approvers of the run" in done.stdout
    assert "outputs/0002-approvers.txt; --approvers FILE holds it to yours" in done.stdout
    assert run.by_head().returncode == VALID


def test_by_ones_own_approvers_it_holds_as_well(made: Made, tmp_path: Path) -> None:
    run = made.signed()
    mine = tmp_path / "mine"
    mine.write_text(f"bianchi {made.key.with_suffix('.pub').read_text()}")
    done = run.verify("--approvers", str(mine))
    assert done.returncode == NOT_PROVED
    assert "and by yours (bianchi)" in done.stdout


def test_by_approvers_that_were_put_there_it_holds_no_more(made: Made, tmp_path: Path) -> None:
    """The operator wrote himself another file of approvers: one's own tells."""
    run = made.signed()
    mine = tmp_path / "mine"
    mine.write_text(f"bianchi {new_key(tmp_path, 'other').with_suffix('.pub').read_text()}")
    done = run.verify("--approvers", str(mine))
    assert done.returncode == NOT_VALID
    assert "which does not hold: the signature is good, but mine does not allow" in done.stdout


def another_file(seen: SeenApproval, change: Callable[[dict[str, Any]], Any]) -> SeenApproval:
    content = json.loads(seen.raw)
    change(content)
    return SeenApproval(
        seen.file, seen.approval, seen.principal, seen.key, raw=json.dumps(content).encode(),
        signers=seen.signers,
    )  # fmt: skip


def with_signers(seen: SeenApproval, signers: bytes) -> SeenApproval:
    return SeenApproval(
        seen.file, seen.approval, seen.principal, seen.key, raw=seen.raw, signers=signers
    )


def login(made: Made) -> dict[str, Any]:
    (seen,) = read_approvals(made.place / "given", made.approvers)
    return {"event": "login", "step": "", "node": "n", "key": seen.key}


def told(**changes: str) -> Callable[[Made], None]:
    """The journal tells something else of the approval."""

    def spoil(made: Made) -> None:
        made.tell = lambda fact: fact["given"][0].update(changes)

    return spoil


def written(change: Callable[[dict[str, Any]], Any]) -> Callable[[Made], None]:
    """The file that lies there has been changed."""

    def spoil(made: Made) -> None:
        made.counted = lambda seen: another_file(seen, change)

    return spoil


def planned(**changes: str) -> Callable[[Made], None]:
    """It was given for other facts than those of the run."""
    return lambda made: made.plan.update(changes)


def nobody_may(made: Made) -> None:
    made.counted = lambda seen: with_signers(seen, b"# nobody\n")


def with_the_approvers_file(made: Made) -> None:
    made.tell = lambda fact: fact["given"][0].update(file=fact["approvers"]["file"])


def without_a_name(made: Made) -> None:
    made.tell = lambda fact: fact["given"][0].pop("name")


def broken(content: dict[str, Any]) -> None:
    text = content["signature"]
    content["signature"] = f"{text[:90]}AAAA{text[94:]}"


SOMETHING_ELSE = "it is not the approval that is on record, or is for something else"
DISHONEST: dict[str, tuple[Callable[[Made], Any], str]] = {
    "another name in it": (written(lambda c: c.update(name="C")), SOMETHING_ELSE),
    "told as longer": (told(until="2099-01-01T00:00:00.000Z"), SOMETHING_ELSE),
    "told as given later than it counted": (told(given="2026-12-01T00:00:00.000Z"), "did not hold"),
    "told as over": (told(until="2026-11-01T00:00:00.000Z"), "did not hold"),
    "another signature": (written(broken), "which does not hold"),
    "approvers who do not know the key": (nobody_may, "none of its lines has that key"),
    "told as somebody else's": (told(by="c@example.test"), "it is b@example.test"),
    "told as of another key": (told(key="SHA256:other"), "it is b@example.test"),
    "for another runbook": (planned(runbook="b" * 64), SOMETHING_ELSE),
    "for another cluster": (planned(cluster="another"), SOMETHING_ELSE),
    "another file": (with_the_approvers_file, "was altered: an approval on record cites another"),
    "told without its name": (without_a_name, "an approval is not as a run writes it"),
}


@pytest.mark.parametrize("what", DISHONEST)
def test_what_the_run_itself_could_have_told_wrongly_is_found(made: Made, what: str) -> None:
    """Sealed by whoever made it, so nothing else tells."""
    spoil, said = DISHONEST[what]
    spoil(made)
    done = made.signed().by_head()
    assert done.returncode == NOT_VALID
    assert said in done.stdout


def test_facts_that_are_not_those_of_the_plan_s_hash_are_found(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed all the same, by an approver who was shown something else."""
    made.hash = "0" * 64
    monkeypatch.setattr("engine.prove.approvals.material_hash", lambda _: made.hash)
    done = made.signed().by_head()
    assert done.returncode == NOT_VALID
    assert SOMETHING_ELSE in done.stdout


def by_the_same_key(made: Made, tmp_path: Path) -> tuple[dict[str, Any], Made]:
    """A login by the key of the approval, and another run to be made."""
    made.signed()
    again = tmp_path / "again"
    again.mkdir()
    return login(made), Made(again, made.key, again / "approvers")


def test_a_key_that_a_node_had_accepted_approves_nothing(made: Made, tmp_path: Path) -> None:
    seen, again = by_the_same_key(made, tmp_path)
    again.before = (seen,)
    done = again.signed().by_head()
    assert done.returncode == NOT_VALID
    assert "who ran it: he had logged in to a node with that key" in done.stdout


def test_what_came_after_it_counted_alters_nothing(made: Made, tmp_path: Path) -> None:
    """The page tells it in red; the evidence is what the run left."""
    seen, again = by_the_same_key(made, tmp_path)
    again.after = (seen, {**seen, "event": "signer"})
    done = again.signed().by_head()
    assert done.returncode == VALID
    told = "a node was logged in to and the run's evidence is signed with that key"
    assert f"; NOT BY ANOTHER PERSON, it seems: {told}" in done.stdout


def test_one_that_counted_twice_is_told(made: Made, tmp_path: Path) -> None:
    made.tell = lambda fact: fact["given"].append(dict(fact["given"][0]))
    done = made.signed().by_head()
    assert done.returncode == NOT_VALID
    assert "more than once: an approval counts once" in done.stdout


def test_a_line_that_has_ended_since_was_good_then(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dates are local time, as those that ssh-keygen is asked for."""
    monkeypatch.setenv("TZ", "America/New_York")
    dated = b'b@example.test valid-after="20261101185900",valid-before="20261101190100" '
    made.counted = lambda seen: with_signers(seen, seen.signers.replace(b"b@example.test ", dated))
    signed = made.signed()
    done = signed.started("--head", signed.head)  # a process reads its zone when it starts
    assert done.returncode == VALID, done.stdout


def test_a_line_that_began_later_was_not(made: Made) -> None:
    made.counted = lambda seen: with_signers(
        seen, seen.signers.replace(b"b@example.test ", b'b@example.test valid-after="20261105"')
    )
    done = made.signed().by_head()
    assert done.returncode == NOT_VALID
    assert "which does not hold" in done.stdout


def test_an_older_run_kept_no_files(made: Made) -> None:
    def older(fact: dict[str, Any]) -> None:
        fact.pop("approvers")
        for name in ("file", "sha256"):
            fact["given"][0].pop(name)

    made.tell = older
    run = made.signed()
    done = run.by_head()
    assert done.returncode == VALID
    assert "not checked, as its file is not here" in done.stdout
    done = run.verify("--approvers", str(made.approvers))
    assert done.returncode == NOT_VALID
    assert "so it can't be checked" in done.stdout


def test_with_approvers_and_without_approvals_nobody_approved(made: Made) -> None:
    made.tell = lambda fact: fact.update(given=[])
    run = made.signed()
    assert run.by_head().returncode == VALID
    done = run.verify("--approvers", str(made.approvers))
    assert done.returncode == NOT_VALID
    assert "no approval is on record" in done.stdout


def test_without_an_ssh_keygen_that_can_they_are_not_counted(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made.signed()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh-keygen").write_text("#!/bin/sh\necho 'unknown option -- Y' >&2; exit 1\n")
    (programs / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    done = run.by_head()
    assert done.returncode == VALID
    assert "the approvals were not looked at, and can't be counted" in done.stdout
    assert run.verify("--approvers", str(made.approvers)).returncode == USAGE


def test_wrong_use(made: Made) -> None:
    assert made.signed().verify("--approvers", "/no/such").returncode == USAGE
