"""plan.json: whole, private, with a hash that only what is material moves."""

from __future__ import annotations

import pytest

from engine.errors import RunbookError
from engine.queries.neteye import VERSION
from engine.record.material import material_hash
from engine.record.run import Run
from engine.secrets import Secret
from tests.engine.scripted import said
from tests.plugin.kit import INVENTORY, SECOND, Project
from tests.plugin.plans import PRELUDE, plan_of, steps_of

pytest_plugins = "pytester"

STEPS = '''
@step("first.check", asks=True)
def test_asks(evidence, look):
    """Asks."""
    evidence.judge([], observed=f"{look.now()} is the time")

@step("second.change", after=["first.check"])
def test_change(x_set):
    """x is set."""
'''


def hash_now(project: Project, *args: str) -> str:
    project.run("--plan", *args)
    plan = plan_of(project)
    assert plan["hash"] == material_hash(plan["material"])
    return str(plan["hash"])


def test_it_is_private_and_says_what_it_is(project: Project) -> None:
    project.steps(STEPS)
    assert project.run("--plan").ret == 0
    path = project.latest / "plan.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(project.latest.glob("*.part"))
    plan = plan_of(project)
    assert (plan["schema"], plan["mode"], plan["outcome"]) == (1, "plan", "planned")
    assert plan["run"] == project.summary["run_id"]
    assert plan["cluster"] == "neteye.example.test"
    assert set(plan["material"]["nodes"].values()) == {"operative"}
    assert plan["material"]["versions"][SECOND] == "4.25"
    assert [c["command"] for c in steps_of(project)["second.change"]["commands"]] == ["set x"]


def test_only_a_plan_has_one(project: Project) -> None:
    project.steps(STEPS)
    assert project.run().ret == 0
    assert not (project.latest / "plan.json").exists()
    assert project.events("plan") == []


def test_plans_of_an_unchanged_cluster_have_the_same_hash(project: Project) -> None:
    project.steps(STEPS)
    first = hash_now(project)
    assert hash_now(project) == first


def test_what_changed_changes_the_hash(project: Project) -> None:
    project.steps(STEPS)
    seen = {hash_now(project)}
    seen.add(hash_now(project, "--accept", "bad-thing=so be it", "--by", "A. Rossi"))
    project.write("inventory.ini", INVENTORY + "runbook_reactivate_after_update = no\n")
    seen.add(hash_now(project))
    project.write("inventory.ini", INVENTORY)
    project.cluster.answer[SECOND, VERSION.argv] = said("NetEye release 4.26 - test\n")
    seen.add(hash_now(project))
    project.cluster.answer.clear()
    project.cluster.things.add("x")
    seen.add(hash_now(project))
    project.steps(STEPS.replace("second.change", "second.other"))
    seen.add(hash_now(project))
    assert len(seen) == 6


def test_a_connection_is_nothing_to_the_hash(project: Project) -> None:
    project.steps(STEPS)
    before = hash_now(project)
    project.write("inventory.ini", INVENTORY.replace("192.0.2.2", "192.0.2.22"))
    assert hash_now(project) == before


def test_no_secret_is_in_it(project: Project) -> None:
    secret = "Geheim-4711-Geheim"
    project.steps(
        PRELUDE
        + f'''
from engine.secrets import Secret

@action()
def told(look):
    word = Secret("{secret}")
    yield Change(f"write {{word.reveal()}}", N, ("set", word.reveal()), 9.0, stdin=word)

@step("second.change", after=["first.baseline"])
def test_change(told):
    """An action that tells what it must not tell."""
'''
    )
    result = project.run("--plan")
    assert result.ret == 0
    assert secret not in (project.latest / "plan.json").read_text()
    assert secret not in "\n".join(result.outlines)
    assert steps_of(project)["second.change"]["commands"][0]["standard_input"] == "not shown"
    assert Secret(secret).reveal() == secret


def test_half_a_plan_is_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.steps(STEPS)

    def fails(run: Run, transport: object) -> None:
        raise RunbookError("nobody answers")

    monkeypatch.setattr("engine.run.opening.survey", fails)
    assert project.run("--plan").ret == 1
    assert not (project.latest / "plan.json").exists()


def test_an_interrupted_plan_is_none(project: Project) -> None:
    project.steps('''
@step("first.check", asks=True)
def test_asks():
    """Asks."""
    raise KeyboardInterrupt
''')
    result = project.run("--plan")
    assert result.ret == 2
    assert not (project.latest / "plan.json").exists()
    assert "PLAN:" not in "\n".join(result.outlines)
