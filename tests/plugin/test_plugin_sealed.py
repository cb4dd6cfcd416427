"""What every run leaves can be verified, however it ended; the console says how."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import cli
from engine.prove.seal import seal
from engine.prove.signature import find_signer
from engine.verify import NOT_VALID, VALID, verify
from tests.evidence.sealed import new_key
from tests.plugin.kit import CHANGE, CLOSING, FINDING, INVENTORY, Project

pytest_plugins = "pytester"


def head_of(result: pytest.RunResult) -> str:
    found = re.search(r"^head of its journal: ([0-9a-f]{64})$", result.stdout.str(), re.M)
    assert found is not None
    return found[1]


ENDINGS: dict[str, Callable[[Project], tuple[str, ...]]] = {
    "done": lambda p: p.steps(CHANGE + CLOSING) or (),
    "a plan": lambda p: p.steps(CHANGE + CLOSING) or ("--plan",),
    "blocked": lambda p: p.steps(FINDING.format(name="one") + CLOSING) or (),
    "interrupted": lambda p: (
        p.steps(
            '@step("a.b")\ndef test_a(evidence):\n    "Doc."\n'
            "    os.kill(os.getpid(), signal.SIGTERM)\n" + CLOSING
        )
        or ()
    ),
    "nothing collected": lambda p: p.steps("raise OSError(1)") or (),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_is_valid_by_the_head_on_the_console(project: Project, ending: str) -> None:
    result = project.run(*ENDINGS[ending](project))
    verdict = verify(project.latest, head_of(result))
    assert verdict.code == VALID, verdict.lines
    assert project.events("sealed")


def test_it_is_signed_with_the_key_of_the_inventory(project: Project, tmp_path: Path) -> None:
    key = new_key(tmp_path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(CHANGE + CLOSING)
    result = project.run()
    result.stdout.fnmatch_lines(["evidence: signed with SHA256:*", "head of its journal: *"])
    allowed = tmp_path / "allowed"
    allowed.write_text(f"a.rossi@example.com {key.with_suffix('.pub').read_text()}")
    verdict = verify(project.latest, allowed=allowed)
    assert verdict.code == VALID, verdict.lines
    # the page is written before: it names the key that was found for it, by the journal
    (found,), (sealed,) = project.events("signer"), project.events("sealed")
    assert found["key"] == sealed["key"]
    assert found["key"] in (project.latest / "evidence.html").read_text()


def test_the_key_is_looked_for_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits to be touched would wait again."""
    asked: list[object] = []

    def counted(*given: object) -> object:
        asked.append(given)
        return find_signer(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("engine.prove.seal.find_signer", counted)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {new_key(tmp_path)}\n")
    project.steps(CHANGE + CLOSING)
    project.run()
    assert len(asked) == 1


def test_without_a_key_it_says_so(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run().stdout.fnmatch_lines(["evidence: not signed: there is no ssh key*"])


def test_a_second_run_of_the_attempt_is_valid_with_the_first_ones_journal(
    project: Project,
) -> None:
    project.steps(CHANGE + CLOSING + FINDING.format(name="one"))
    project.run()
    result = project.run()
    assert list((project.latest / "earlier").iterdir())
    assert verify(project.latest, head_of(result)).code == VALID


def test_a_list_that_can_not_be_made_is_told_and_changes_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.steps(CHANGE + CLOSING)

    def strange(run: object, signing: object) -> object:
        (project.latest / "a-link").symlink_to("/nowhere")
        return seal(run, signing)  # type: ignore[arg-type]

    monkeypatch.setattr("engine.run.closing.seal", strange)
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["NOT WRITTEN: *manifest.json (a-link: not a file*"])


def test_the_command_line_verifies(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.steps(CHANGE + CLOSING)
    head = head_of(project.run())
    capsys.readouterr()
    assert cli.main(["verify", str(project.latest), "--head", head]) == VALID
    assert capsys.readouterr().out.startswith("valid: run ")
    (project.latest / "summary.json").write_text("{}")
    assert cli.main(["verify", str(project.latest), "--head", head]) == NOT_VALID
    assert "summary.json was altered" in capsys.readouterr().out
    assert cli.main(["verify", str(project.path / "nothing")]) == 4
    assert cli.main(["verify", str(project.latest), "--allowed-signers", "/no/such"]) == 4


def test_without_room_for_a_key_it_is_sealed_and_not_signed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.steps(CHANGE + CLOSING)

    def full(**options: object) -> None:
        raise OSError(28, "No space left on device")

    without_room = SimpleNamespace(TemporaryDirectory=full)
    monkeypatch.setattr("engine.prove.seal.tempfile", without_room)
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["evidence: not signed: no temporary directory: *No space*"])
    assert verify(project.latest, head_of(result)).code == VALID


def test_a_page_that_can_not_be_drawn_is_told_and_changes_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.steps(CHANGE + CLOSING)

    def without(*journals: object) -> str:
        raise KeyError("remedy")

    monkeypatch.setattr("engine.report.audit.page.render", without)
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["NOT WRITTEN: *evidence.html (*lacks a field: 'remedy')"])
    assert project.summary["outcome"] == "done"
