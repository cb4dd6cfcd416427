"""The hash over what is material: it moves with what decides, and with nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.takeover import steering
from engine.model.change import Change
from engine.model.finding import Acceptance, Severity
from engine.model.host import Version
from engine.model.inventory import Counts, Environment, Setting, Settings
from engine.model.plan import PlannedStep, Verdict
from engine.parse import inventory_values as values
from engine.record.material import (
    canonical,
    facts_before_a_change,
    material_hash,
    material_of,
    runbook_hash,
    source_files,
    steering_settings,
)
from engine.secrets import Secret
from tests.engine import kit

START = datetime(2026, 11, 28, 20, tzinfo=UTC)
PROOF: Setting[bool] = Setting("proof", values.yes_no, False, False, Counts.FOR_ATTEMPT)
PLACE: Setting[str | None] = Setting("place", values.directory, None, None)
SETTINGS = Settings(
    "neteye.example.test",
    Environment.PRODUCTION,
    change_id="CHG-1",
    window_start=START,
    window_end=START + timedelta(hours=9),
    notify_command="curl -H 'X-Token: s3cret-s3cret' https://chat.example.test",
    of_step={PROOF: False, PLACE: None},
)
UPGRADE = Change("neteye upgrade", kit.N, ("neteye", "upgrade"), 60.0, detached="upgrade-1")
WRITE = Change("write", kit.N, ("sh", "-c", "cat > x", "w", "4711"), 60.0, stdin=Secret("hunter22"))
STEPS = (
    PlannedStep("preflight.space", "preflight", Verdict.SATISFIED, "3 GiB free"),
    PlannedStep(
        "upgrade.run[1]", "upgrade", Verdict.WILL_RUN, "neteye upgrade", changes=(UPGRADE,)
    ),
)
ACCEPTED = Acceptance("disk-space", kit.N, "it is enough", "A. Rossi", run="r1", given="2026")
FACTS: dict[str, Any] = {
    "roles": {kit.N: "operative", kit.SECOND: "operative"},
    "active": kit.N,
    "versions": {kit.N: Version(4, 25), kit.SECOND: Version(4, 25)},
    "release": kit.RELEASE,
    "scope": "upgrade",
    "position": "not started",
    "settings": SETTINGS,
    "steps": STEPS,
    "findings": [kit.finding()],
    "acceptances": [ACCEPTED],
    "runbook": "ab" * 32,
}


FOUND = ("position", "steps", "findings")


def material(**changes: Any) -> dict[str, Any]:
    """What a plan depends on: what it knew at its start, and what it found."""
    facts = FACTS | changes
    found = {name: facts.pop(name) for name in FOUND}
    return material_of(facts_before_a_change(**facts), **found)


def hash_of(**changes: Any) -> str:
    return material_hash(material(**changes))


SAME = hash_of()
MATERIAL: dict[str, dict[str, Any]] = {
    "a node more": {"roles": {**FACTS["roles"], kit.THIRD: "operative"}},
    "another role": {"roles": {**FACTS["roles"], kit.SECOND: "voting_only"}},
    "another N": {"active": kit.SECOND},
    "another version": {"versions": {**FACTS["versions"], kit.SECOND: Version(4, 26)}},
    "a version unknown": {"versions": {kit.N: Version(4, 25)}},
    "another target": {"release": replace(kit.RELEASE, target=Version(4, 27))},
    "another runbook": {"runbook": "cd" * 32},
    "a restore": {"scope": "restore"},
    "another verdict": {"steps": (replace(STEPS[0], verdict=Verdict.BLOCKED), STEPS[1])},
    "another command": {
        "steps": (STEPS[0], replace(STEPS[1], changes=(replace(UPGRADE, argv=("reboot",)),)))
    },
    "a step less": {"steps": STEPS[1:]},
    "another code": {"findings": [kit.finding("a-note")]},
    "another subject": {"findings": [kit.finding(subject=kit.N)]},
    "a finding less": {"findings": []},
    "a finding accepted": {"findings": [kit.finding().weighed(Severity.BLOCK, ACCEPTED)]},
    "no acceptance": {"acceptances": []},
    "another reason": {"acceptances": [replace(ACCEPTED, reason="so be it")]},
    "another person": {"acceptances": [replace(ACCEPTED, by="B. Bianchi")]},
    "another end": {"acceptances": [replace(ACCEPTED, until=date(2026, 12, 1))]},
}


@pytest.mark.parametrize("changes", MATERIAL.values(), ids=MATERIAL)
def test_what_is_material_changes_the_hash(changes: dict[str, Any]) -> None:
    assert hash_of(**changes) != SAME


SCRIPT = replace(STEPS[1], changes=(UPGRADE, WRITE))
LONGER = replace(WRITE, argv=(*WRITE.argv[:-1], "815"))
NOT_MATERIAL: dict[str, dict[str, Any]] = {
    "counts": {"steps": (replace(STEPS[0], reason="2 GiB free"), STEPS[1])},
    "free space": {"findings": [replace(kit.finding(), observed="2 GB free")]},
    "the same finding twice": {"findings": [kit.finding(), kit.finding()]},
    "a warning": {"findings": [kit.finding(), kit.finding("x").weighed(Severity.WARN)]},
    "information": {"findings": [kit.finding(), kit.finding("x").weighed(Severity.INFO)]},
    "where it was said first": {"acceptances": [replace(ACCEPTED, run="r2", given="2027")]},
    "the order of nodes": {"roles": dict(reversed(FACTS["roles"].items()))},
    "another deadline": {
        "steps": (STEPS[0], replace(STEPS[1], changes=(replace(UPGRADE, deadline=9.0),)))
    },
    "another node to run on": {
        "steps": (STEPS[0], replace(STEPS[1], changes=(replace(UPGRADE, node=kit.SECOND),)))
    },
    "who is told": {"settings": replace(SETTINGS, notify_command=None)},
    "the window in another zone": {
        "settings": replace(SETTINGS, window_start=START.astimezone(timezone(timedelta(hours=5))))
    },
}


@pytest.mark.parametrize("changes", NOT_MATERIAL.values(), ids=NOT_MATERIAL)
def test_what_is_not_material_does_not(changes: dict[str, Any]) -> None:
    assert hash_of(**changes) == SAME


def test_a_script_counts_by_its_step_only() -> None:
    with_script = hash_of(steps=(STEPS[0], SCRIPT))
    longer = replace(SCRIPT, changes=(UPGRADE, LONGER))
    assert hash_of(steps=(STEPS[0], longer)) == with_script


def test_no_secret_is_in_it() -> None:
    text = json.dumps(material(steps=(SCRIPT,)))
    assert "s3cret" not in text
    assert "hunter22" not in text


OTHER: dict[str, Any] = {
    "cluster": "other.example.test",
    "environment": Environment.STAGING,
    "window_start": START + timedelta(minutes=1),
    "window_end": START,
    "approvals": 2,
    "reactivate_after_update": False,
    "proof": True,
}


@given(st.sampled_from(list(SETTINGS.by_name())), st.text(min_size=1))
def test_every_setting_that_steers_changes_the_hash(name: str, text: str) -> None:
    other = OTHER.get(name, text if name != "accept" else (text,))
    if other == SETTINGS.by_name()[name]:
        return
    of_step = {one.name: {one: other} for one in (PROOF, PLACE)}.get(name)
    changes: dict[str, Any] = {"of_step": {**SETTINGS.of_step, **of_step}} if of_step else {}
    changed = hash_of(settings=replace(SETTINGS, **(changes or {name: other}))) != SAME
    assert changed is (name in SETTINGS.by_name(Counts.FOR_PLAN))


@given(st.permutations([kit.finding(), kit.finding("a-note"), kit.finding("b-note")]))
def test_the_order_of_findings_is_nothing(findings: list[Any]) -> None:
    assert hash_of(findings=findings) == hash_of(findings=sorted(findings, key=str))


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.booleans())))
def test_the_canonical_form_is_one(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)
    assert json.loads(canonical(value)) == value


def test_settings_name_no_connection() -> None:
    assert set(steering_settings(SETTINGS)) >= {"window_start", "reactivate_after_update"}
    assert not {"accept", "notify_command"} & set(steering_settings(SETTINGS))


def test_a_setting_of_the_step_is_one_among_the_others() -> None:
    """In what is approved; only one that steers is compared before an attempt goes on."""
    assert {"proof": False, "place": None}.items() <= steering_settings(SETTINGS).items()
    assert list(steering(SETTINGS)) == [
        "runbook_environment", "runbook_reactivate_after_update", "runbook_proof"
    ]  # fmt: skip
    assert steering(replace(SETTINGS, of_step={PROOF: True}))["runbook_proof"] == "yes"


def _sources(root: Path, text: str = "x = 1\n") -> Path:
    for name in ("engine/a.py", "engine/model/b.py", "runbook/test_1.py"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def test_clones_have_the_same_hash(tmp_path: Path) -> None:
    one, two = _sources(tmp_path / "one"), _sources(tmp_path / "two", "x = 1\r\n")
    (two / "engine" / "__pycache__").mkdir()
    (two / "engine" / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"\0")
    (two / "README.md").write_text("another text")
    assert runbook_hash(one) == runbook_hash(two)


COUNTED = (
    *("engine/a.py", "runbook/test_1.py", "runbook/new.py", "conftest.py", "pytest.ini"),
    *("requirements.txt", "requirements-dev.txt", "engine/page.html.j2", "engine/style.css"),
    *("runbook/data/list.csv", "runbook/data/image.png", "engine/compiled.pyc"),
)
NOT_COUNTED = (
    *("engine/__pycache__/a.cpython-311.pyc", "runbook/.mypy_cache/x.json"),
    *("reports/run/journal.jsonl", ".git/HEAD", "tests/test_a.py", ".venv/lib/a.py", "a.py"),
    *("inventory.ini", "README.md"),
)


@pytest.mark.parametrize("name", COUNTED)
def test_another_text_has_another_hash(tmp_path: Path, name: str) -> None:
    assert len({_hash_with(tmp_path / str(n), name, bytes([n])) for n in (1, 2)}) == 2


@pytest.mark.parametrize("name", COUNTED)
def test_a_new_file_has_another_hash(tmp_path: Path, name: str) -> None:
    assert _hash_with(tmp_path / "with", name, b"x") != runbook_hash(_sources(tmp_path / "without"))


@pytest.mark.parametrize("name", NOT_COUNTED)
def test_what_is_no_part_of_it_does_not_count(tmp_path: Path, name: str) -> None:
    assert _hash_with(tmp_path / "with", name, b"x") == runbook_hash(_sources(tmp_path / "without"))


def test_line_ends_of_data_count(tmp_path: Path) -> None:
    name = "runbook/image.png"
    ends = (b"\0\r\n", b"\0\n")
    assert len({_hash_with(tmp_path / str(len(end)), name, end) for end in ends}) == 2


def _hash_with(root: Path, name: str, content: bytes) -> str:
    path = _sources(root) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return runbook_hash(root)


def test_a_moved_file_has_another_hash(tmp_path: Path) -> None:
    one, two = _sources(tmp_path / "one"), _sources(tmp_path / "two")
    (two / "engine" / "a.py").rename(two / "runbook" / "a.py")
    assert runbook_hash(one) != runbook_hash(two)


def test_a_version_step_that_is_kept_elsewhere_counts(tmp_path: Path) -> None:
    root = _sources(tmp_path / "one")
    former, later = (_step(tmp_path / name, f"x = '{name}'") for name in ("former", "later"))
    assert len({runbook_hash(root, former), runbook_hash(root), runbook_hash(root, later)}) == 3
    assert runbook_hash(root, root / "runbook") == runbook_hash(root)


def _step(beside: Path, text: str) -> Path:
    folder = beside / "to_4_27"
    folder.mkdir(parents=True)
    (folder / "release.py").write_text(text)
    return folder


def test_the_project_has_one() -> None:
    assert len(runbook_hash()) == 64
    files = set(source_files())
    assert {*COUNTED} & files == {"conftest.py", *COUNTED[4:7]}
    assert "engine/report/audit/page.html.j2" in files
