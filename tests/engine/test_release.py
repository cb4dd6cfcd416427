"""The version's data against everything that uses it: codes, guide rows, steps, their graph."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from engine.errors import UsageError
from engine.judge.weighing import Judge
from engine.model.finding import Acceptance, Finding, Severity
from engine.model.steps import Scope, StepItem, StepMark, mark_of, upstream
from engine.run.graph import order, resolve
from engine.run.ran_with import edited_files
from runbook.cluster import severities
from runbook.to_4_26 import release
from tests.phases import step_modules

ROOT = Path(__file__).parents[2]
RELEASE = release.RELEASE
KNOWN = set(RELEASE.severities.table) | RELEASE.severities.never_acceptable
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")

MAKES = re.compile(r"^from engine\.model\.finding import .*\bFinding\b", re.MULTILINE)

TABLES = ("release.py", "severities.py", "product.py", "guide.py")
"""Modules that name codes and make no finding."""

# hyphenated words of the modules that make findings, which are no codes
NO_CODES = {
    # names of the journal's events
    *("run-started", "run-ended", "step-started", "step-ended", "ledger-closed"),
    *("attempt-opened", "attempt-closed"),
    # names of facts, scripts, packages, options of commands, attributes of outputs
    *("memories-verified", "agents-listed", "backup-fetched", "scratch-schema"),
    *("neteye-runbook", "ocs-endpoint"),
    *("ocs-proved", "failover-over", "packages-at-target", "packages-left"),
    *("updates-accepted", "packages-not-judged"),
    *("ocsinventory-server", "symmetric-cluster", "corosync-quorumtool", "utf-8"),
    *("corosync-qdevice", "corosync-qnetd", "node-health-strategy"),
    *("stonith-enabled", "maintenance-mode", "stop-all-resources", "is-managed"),
    *("pytest-dependency", "pytest-html", "dnf-question", "check-update"),
    *("ocs-defaults", "httpd-test", "text-0"),
    # a scope of steps
    "follow-up",
}
# made from another one: an inactive OCS server's problems weigh less
COMPOSED = {code for code in KNOWN if code.endswith("-inactive")}

LISTS = ("runbook/cluster/vocabulary.py", "runbook/to_4_26/snapshot/words.py")
"""Names of services, packages and directives: they make no finding."""


def sources() -> list[Path]:
    """Modules that can make findings or judge by their codes."""
    middle = (ROOT / "engine").rglob("*.py")
    found = [path for path in middle if MAKES.search(path.read_text())]
    found += (ROOT / "engine" / "judge").glob("*.py")
    own = (path for path in (ROOT / "runbook").rglob("*.py") if path.name not in TABLES)
    found += [path for path in own if path.relative_to(ROOT).as_posix() not in LISTS]
    return sorted(set(found))


@cache
def words() -> dict[str, str]:
    """Every hyphenated constant of these modules -> where it stands; docstrings apart."""
    found: dict[str, str] = {}
    for path in sources():
        tree = ast.parse(path.read_text())
        texts = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        for node in constants:
            word = str(node.value)
            if id(node) not in texts and CODE.fullmatch(word):
                found[word] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def test_every_code_that_can_be_emitted_is_in_the_table() -> None:
    unknown = {
        word: where
        for word, where in words().items()
        if word not in KNOWN | NO_CODES | set(RELEASE.duties)
    }
    assert unknown == {}, "add the code to a severities.py, or the word to NO_CODES here"


def test_a_weight_stands_on_the_side_whose_findings_it_weighs() -> None:
    """The step's own table goes with the step: no finding of the procedure is in it."""
    general = severities.with_those_of()
    own = KNOWN - set(general.table) - general.never_acceptable
    step = ROOT / "runbook" / "to_4_26"
    of_others = {
        str(node.value)
        for path in sources()
        if step not in path.parents
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    }
    assert len(own) > 50
    assert own & of_others == set()
    assert KNOWN - own <= of_others


def test_codes_given_directly_are_codes() -> None:
    """No finding is made with a code of another form, which the list above would not see."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                given = [word.value for word in node.keywords if word.arg == "code"]
                code = given[0] if given else node.args[0]
                if isinstance(code, ast.Constant):
                    assert CODE.fullmatch(str(code.value)), f"{path}:{node.lineno}"


ROWS = {
    **dict.fromkeys(("version-mixed", "version-path"), ("G01",)),
    "release-notes-unread": ("G02",),
    "rpmnew-known": ("G14",),
    "window-too-short": ("G15",),
    **dict.fromkeys(("cluster-name-mismatch", "role-mismatch"), ("G17",)),
    **dict.fromkeys(("command-running", "repository-missing", "target-repository"), ("G18",)),
    **dict.fromkeys(("packages-behind", "packages-hidden"), ("G18", "G21")),
    "version-not-reached": ("G21",),
    "node-standby": ("G24",),
    **dict.fromkeys(("fence-device-stopped", "fencing-failed", "fencing-off"), ("G27",)),
    **dict.fromkeys(("fencing-pending", "fencing-state", "restore-unclean"), ("G27",)),
    **dict.fromkeys(("updates-left", "updates-pending"), ("G28",)),
}
"""Rows of the guide that findings of the engine are about. What names none has that of the profile
of normal in which it was found."""


@cache
def duties_named() -> dict[str, tuple[str, ...]]:
    """Code of a finding of the engine -> the duties that it names."""
    found = {}
    for path in sorted((ROOT / "engine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                given = {word.arg: word.value for word in node.keywords}
                code = _constants(given.get("code", node.args[0] if node.args else node))
                guide = given.get("guide", node.args[5] if len(node.args) > 5 else None)
                if guide is not None and _constants(guide):
                    found["".join(code[:1]) or path.name] = _constants(guide)
    return found


def _constants(node: ast.AST) -> tuple[str, ...]:
    return tuple(str(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant))


def test_every_duty_that_the_engine_names_is_a_row_of_the_guide() -> None:
    named = {duty for duties in duties_named().values() for duty in duties}
    assert named | {"cluster-normal"} == set(RELEASE.duties)
    assert set(RELEASE.duties.values()) <= set(RELEASE.guide)


@pytest.mark.parametrize("code", ROWS)
def test_findings_of_the_engine_are_about_the_rows_they_always_were(code: str) -> None:
    finding = Finding(code, "x", "seen", "expected", "Mend it.", duties_named()[code])
    (weighed,) = Judge(RELEASE.severities, duties=RELEASE.duties).weigh([finding])
    assert weighed.guide == ROWS[code]


def test_the_files_beside_are_those_of_the_release() -> None:
    """Whoever changes one of them writes its sha256 into release.py as well."""
    assert edited_files(ROOT, ROOT / "pytest.ini", RELEASE.beside) == []
    assert set(RELEASE.beside) == {"conftest.py", "pytest.ini", "requirements.txt"}


# an unknown outcome is no finding: it stops the run, and nobody can accept it away
@pytest.mark.parametrize("code", sorted(KNOWN - COMPOSED - {"outcome-unknown"}))
def test_every_code_of_the_table_is_emitted_by_somebody(code: str) -> None:
    assert code in words()


def test_composed_codes_have_their_base() -> None:
    for code in COMPOSED - set(words()):
        assert code.removesuffix("-inactive") in words()
        assert RELEASE.severities.of(code) is not Severity.BLOCK


@pytest.mark.parametrize(
    "code", ["version-path", "role-mismatch", "quorum-lost", "outcome-unknown"]
)
def test_what_nobody_may_accept_by_contract(code: str) -> None:
    with pytest.raises(UsageError):
        Judge(RELEASE.severities, (Acceptance(code, None, "x", "A"),)).check_acceptances()
    assert RELEASE.severities.of(code) is Severity.BLOCK


@pytest.mark.parametrize(
    "code",
    [
        *("question-unanswered", "node-unreachable", "resource-failed", "resource-stopped"),
        *("drbd-disk", "drbd-connection", "rpmnew-foreign", "ocs-server-custom"),
        *("ocs-passwords-differ", "ocs-password-unsupported"),
    ],
)
def test_what_blocks_by_contract(code: str) -> None:
    assert RELEASE.severities.of(code) is Severity.BLOCK


@pytest.mark.parametrize(
    "code",
    [
        *("capacity-dirty", "updates-pending", "ocs-server-custom-inactive", "health-warning"),
        *("reboot-needed", "fencing-off"),
    ],
)
def test_what_warns_by_contract(code: str) -> None:
    assert RELEASE.severities.of(code) is Severity.WARN


# --- the guide and the steps


def functions() -> list[tuple[StepMark, FunctionType]]:
    """The steps in the order of their files and lines."""
    found = []
    for module in step_modules():
        here = [
            value
            for value in vars(module).values()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        ]
        for function in sorted(here, key=lambda f: f.__code__.co_firstlineno):
            if (mark := mark_of(function)) is not None:
                found.append((mark, function))
    return found


STEPS = functions()
BY_NAME = {mark.name: function for mark, function in STEPS}
PROCEDURE = "runbook.phases."


def test_the_guide_has_its_28_rows_with_a_duty_each() -> None:
    assert list(RELEASE.guide) == [f"G{number:02}" for number in range(1, 29)]
    assert all(duty.strip() for duty in RELEASE.guide.values())
    assert len(set(RELEASE.guide.values())) == len(RELEASE.guide)


@pytest.mark.parametrize("row", RELEASE.guide)
def test_every_row_has_a_step(row: str) -> None:
    assert [mark.name for mark, _ in STEPS if row in mark.guide]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_step_serves_rows_that_exist_and_says_its_intent(name: str) -> None:
    function = BY_NAME[name]
    mark = mark_of(function)
    assert mark is not None
    assert set(mark.guide) <= set(RELEASE.guide)
    first = (function.__doc__ or "").strip().splitlines()[0]
    assert len(first) > 15, "the first line of the docstring is the step's sentence"
    assert first.endswith((".", ";", ",", ":")), first
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", name), "phase.subject"


def test_every_test_function_of_the_runbook_is_a_step() -> None:
    for module in step_modules():
        for name, value in vars(module).items():
            if name.startswith("test_") and inspect.isfunction(value):
                assert mark_of(value) is not None, f"{module.__name__}.{name}"


def action_rows() -> dict[str, tuple[str, ...]]:
    """Action -> the rows it records, from the decorators."""
    found = {}
    for path in (ROOT / "runbook").rglob("actions/*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    if getattr(getattr(decorator, "func", None), "id", "") == "action":
                        found[node.name] = _rows(decorator)
    return found


def _rows(decorator: Any) -> tuple[str, ...]:
    given = [word.value for word in decorator.keywords if word.arg == "guide"]
    return tuple(ast.literal_eval(given[0])) if given else ()


ACTIONS = action_rows()


@pytest.mark.parametrize("name", ACTIONS)
def test_the_rows_of_an_action_are_those_of_the_step_that_uses_it(name: str) -> None:
    users = [mark for mark, f in STEPS if name in inspect.signature(f).parameters]
    assert len(users) == 1, "an action serves one step"
    assert set(ACTIONS[name]) <= set(users[0].guide)


# --- the graph, for every topology


def items(operative: int, elastic: int, voting: int) -> list[StepItem]:
    """The steps as the plugin makes them for a cluster of this size."""
    names = [f"neteye{number:02}" for number in range(1, operative + elastic + voting + 1)]
    groups = {
        "operative": names[:operative],
        "elastic_only": names[operative : operative + elastic],
        "voting_only": names[operative + elastic :],
        "all": names,
    }
    made = []
    for mark, _ in STEPS:
        rounds = range(1, operative + 3) if "round" in mark.each else [None]
        nodes = groups[mark.nodes] if "node" in mark.each else [None]
        made += [StepItem(mark, number, node) for node in nodes for number in rounds]
    return [made[index] for index in order(made)]


@pytest.mark.parametrize(
    "topology", [(2, 0, 0), (2, 0, 1), (3, 1, 1), (5, 0, 1), (4, 3, 0), (16, 8, 1)]
)
def test_the_graph_fits_for_every_topology(topology: tuple[int, int, int]) -> None:
    running = items(*topology)
    resolved = resolve(running)
    assert len(resolved) == len(running)


@pytest.mark.parametrize("scope", list(Scope))
def test_each_scope_is_a_graph_of_its_own(scope: Scope) -> None:
    running = [item for item in items(3, 1, 1) if scope in item.mark.scopes]
    assert len(resolve(running)) == len(running)
    assert running[-1].name == "closing.state"


def test_every_phase_that_a_version_step_may_have_is_there_in_this_one() -> None:
    """A name misspelt with its `?` would wait for nobody, and nobody would see it."""
    meant = [
        replace(item, mark=replace(item.mark, after=tuple(n.rstrip("?") for n in item.mark.after)))
        for item in items(3, 1, 1)
    ]
    for scope in Scope:
        assert resolve([item for item in meant if scope in item.mark.scopes])


def test_the_procedure_without_a_version_step_is_a_graph_of_its_own() -> None:
    own = [item for item in items(3, 1, 1) if PROCEDURE in BY_NAME[item.mark.name].__module__]
    assert len(own) > 60
    for scope in (Scope.UPGRADE, Scope.RESTORE):
        assert resolve([item for item in own if scope in item.mark.scopes])


def test_a_restore_runs_no_step_of_the_upgrade_and_serves_no_row() -> None:
    restoring = {mark.name for mark, _ in STEPS if Scope.RESTORE in mark.scopes}
    own = {name for name in restoring if name.startswith("restore.")}
    common = {"reachable", "machines", "environment", "roles", "records", "runbook"}
    assert restoring - own == {f"preflight.{name}" for name in common} | {"closing.state"}
    for mark, _ in STEPS:
        if mark.name in own:
            assert mark.scopes == {Scope.RESTORE}
            assert mark.guide == (), "a row would stay as a restore saw it: none runs twice"


def test_a_follow_up_runs_no_step_of_another_run_and_serves_one_row() -> None:
    following = {mark.name: mark for mark, _ in STEPS if Scope.FOLLOW_UP in mark.scopes}
    own = {name for name in following if name.startswith("followup.")}
    assert set(following) - own == {"preflight.runbook", "closing.state"}
    assert {row for mark in following.values() for row in mark.guide} == {"G08"}
    assert all(following[name].scopes == {Scope.FOLLOW_UP} for name in own)


def test_the_last_step_is_the_state_the_cluster_is_left_in_and_waits_for_nothing() -> None:
    last = items(3, 1, 1)[-1]
    assert (last.name, last.mark.after) == ("closing.state", ())


def test_preflight_checks_do_not_depend_on_each_other() -> None:
    for mark, _ in STEPS:
        if mark.name.startswith("preflight."):
            assert mark.after == (), mark.name
            assert mark.asks, f"{mark.name}: --plan runs the preflight too"


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("upgrade.run[1]", "backup."),
        ("upgrade.run[1]", "baseline."),
        ("upgrade.run[1]", "preflight."),
        ("upgrade.run[2]", "upgrade.run[1]"),
        ("reactivation.final", "verification."),
        ("closing.attempt", "reactivation.final"),
    ],
)
def test_no_step_comes_before_what_it_needs(step: str, before: str) -> None:
    resolved = resolve(items(3, 1, 1))
    assert any(name.startswith(before) for name in upstream([step], resolved) - {step})


LONG = ("update.run", "upgrade.run")
APART = {"downtime_begun", "downtime_lasts_for_upgrade"}
"""What they change nobody else decides by (`Change.apart`): also while a command is at work a run
that goes on sees to it that the monitoring keeps silent for as long as needed."""


@pytest.mark.parametrize("operative", [2, 5])
def test_what_may_change_something_before_a_long_command_is_over_when_that_is_begun(
    operative: int,
) -> None:
    """The session goes by what a long command waits for; who acts beside it would act during it."""
    running = [item for item in items(operative, 1, 1) if Scope.UPGRADE in item.mark.scopes]
    resolved = resolve(running)
    for place, long in enumerate(running):
        if long.mark.name in LONG:
            acting = {item.name for item in running[:place] if _acts(item)}
            assert acting <= upstream([long.name], resolved), long.name


def _acts(item: StepItem) -> bool:
    return bool((set(ACTIONS) - APART) & set(inspect.signature(BY_NAME[item.mark.name]).parameters))


def test_what_no_rehearsal_can_predict_is_a_step_or_a_code() -> None:
    steps = {name for name in BY_NAME if not name.startswith("restore.")}
    assert steps | KNOWN >= RELEASE.not_predicted
    assert RELEASE.not_predicted >= {name for name in steps if name.endswith(".downtime")}
