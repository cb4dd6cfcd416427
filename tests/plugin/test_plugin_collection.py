"""Steps as pytest collects them: names, fan-out, order, and a graph that has to fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.plugin.kit import NODES, RELEASE, SECOND, THIRD, N, Project

pytest_plugins = "pytester"


def names(project: Project) -> list[str]:
    return [event["step"] for event in project.events("step-started")]


FAN_OUT = '''
@step("second.run", after=["first.baseline", "third.do[{previous}]"], each="round")
def test_run(round_number, evidence):
    """A round."""
    evidence.note(f"round {round_number}")

@step("third.do", after=["second.run[{round}]"], each="round,node")
def test_do(round_number, node, evidence):
    """Each node of a round."""
    evidence.note(f"round {round_number} on {node}")

@step("fourth.node", after=["third.do"], each="node", nodes="all")
def test_node(node, evidence):
    """Each node."""
    evidence.note(node)

@step("fifth.end", after=["fourth.node"])
def test_end(evidence, round_number):
    """Waits for all."""
    evidence.note(str(round_number))
'''


def test_each_item_of_a_fan_out_has_a_name_and_runs_round_by_round(project: Project) -> None:
    project.steps(FAN_OUT)
    assert project.run().ret == 0
    expected = ["first.baseline"]
    for number in range(1, len(NODES) + 3):
        expected.append(f"second.run[{number}]")
        expected += [f"third.do[{number}][{node}]" for node in NODES]
    expected += [f"fourth.node[{node}]" for node in NODES]
    assert names(project) == [*expected, "fifth.end"]
    assert set(project.outcomes().values()) == {"done"}


def test_a_fan_out_over_a_group_without_nodes_has_no_items(project: Project) -> None:
    project.steps('''
@step("second.node", each="node", nodes="elastic_only")
def test_node(node):
    """Each Elastic-only node."""

@step("third.all", after=["second.node"])
def test_all(evidence):
    """Waits for all of none."""
    evidence.note("done")
''')
    assert project.run().ret == 0
    assert project.outcomes()["third.all"] == "done"


def test_the_node_of_an_item_is_in_the_summary(project: Project) -> None:
    project.steps(FAN_OUT)
    project.run()
    nodes = {step["name"]: step["node"] for step in project.summary["steps"]}
    assert nodes[f"fourth.node[{SECOND}]"] == SECOND
    assert nodes["fifth.end"] is None


def test_who_waits_for_the_bare_name_waits_for_each_item(project: Project) -> None:
    project.steps(f'''
@step("second.node", each="node")
def test_node(node):
    """Fails on the first node; the last one passes."""
    assert node != "{N}"

@step("third.all", after=["second.node"])
def test_all(x_set):
    """Waits for all."""

@step("third.one", after=["second.node[{THIRD}]"])
def test_one(evidence):
    """Waits for one."""
    evidence.note("done")
''')
    assert project.run().ret == 1
    outcomes = project.outcomes()
    assert outcomes["third.all"] == "not reached"
    assert outcomes["third.one"] == "done"
    assert project.cluster.changes == []


def test_dependencies_reach_across_files(project: Project) -> None:
    project.steps('''
@step("one.a")
def test_a():
    """Fails."""
    assert False
''')
    project.write(
        "runbook/test_20_more.py",
        "from engine.model.steps import step\n"
        '@step("two.b", after=["one.a"])\ndef test_b(y_set):\n    "Waits."\n',
    )
    assert project.run().ret == 1
    assert project.outcomes()["two.b"] == "not reached"
    assert project.cluster.changes == []


FAULTS = {
    "misspelt": (
        '@step("b.c", after=["first.baselin"])\ndef test_b():\n    "Doc."\n',
        "*'b.c' waits for 'first.baselin', which is no earlier step*",
    ),
    "twice": (
        '@step("first.baseline")\ndef test_b():\n    "Doc."\n',
        "*'first.baseline' is there twice*",
    ),
    "later": (
        '@step("b.c", after=["d.e"])\ndef test_b():\n    "Doc."\n\n'
        '@step("d.e")\ndef test_d():\n    "Doc."\n',
        "*'b.c' waits for 'd.e', which is no earlier step*",
    ),
    "no step": (
        "def test_plain():\n    pass\n",
        "*test_plain: a test of the runbook without @step*",
    ),
    "a class": (
        "class TestMany:\n    def test_plain(self):\n        pass\n",
        "*a test of the runbook without @step*",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_runbook_that_does_not_fit_is_a_usage_error_before_anything_is_asked(
    project: Project, name: str
) -> None:
    text, told = FAULTS[name]
    project.steps(text)
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])
    assert project.cluster.asked == []
    assert project.sessions == []
    assert project.summary["exit_code"] == 4


CLOSED = '@step("third.close", after=["second.more"])\ndef test_c(evidence):\n    "Doc."\n'
UNCOLLECTED = {
    "an import": ("import not_there\n", "*ModuleNotFoundError: No module named 'not_there'"),
    "an import in a plan": ("import not_there\n", "*No module named 'not_there'"),
    "a syntax error": ("def test_more(:\n", "*SyntaxError: invalid syntax"),
}


@pytest.mark.parametrize("rest", ["", CLOSED], ids=["alone", "waited for"])
@pytest.mark.parametrize("name", UNCOLLECTED)
def test_a_module_that_can_not_be_imported_is_a_usage_error_before_anything_is_asked(
    project: Project, name: str, rest: str
) -> None:
    text, told = UNCOLLECTED[name]
    project.steps("")
    project.write("runbook/test_20_more.py", text)
    project.write("runbook/test_30_rest.py", f"from engine.model.steps import step\n{rest}")
    result = project.run(*(["--plan"] if "plan" in name else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: runbook/test_20_more.py: *{told}"])
    assert project.cluster.asked == []
    assert project.sessions == []
    summary = project.summary
    assert (summary["outcome"], summary["exit_code"]) == ("usage", 4)
    assert "runbook/test_20_more.py" in summary["stopped"]["reason"]


def test_doctests_are_no_steps(project: Project) -> None:
    project.steps('def helper():\n    """\n    >>> 1\n    1\n    """\n')
    assert project.run("--doctest-modules").ret == pytest.ExitCode.USAGE_ERROR
    assert project.cluster.asked == []


@pytest.mark.parametrize("mark", ["skip(reason='x')", "skipif(True, reason='x')", "xfail"])
def test_a_step_that_skips_itself_never_ends_in_0(project: Project, mark: str) -> None:
    project.steps(f'''
@pytest.mark.{mark}
@step("second.skipped")
def test_skipped(x_set):
    """Skips."""
    assert False
''')
    assert project.run().ret != 0


def test_a_step_that_skips_in_its_body_never_ends_in_0(project: Project) -> None:
    project.steps('''
@step("second.skipped")
def test_skipped():
    """Skips."""
    pytest.skip("no mood")
''')
    assert project.run().ret != 0
    assert project.outcomes()["second.skipped"] not in ("done", "nothing to do")


def test_a_module_that_skips_itself_never_ends_in_0(project: Project) -> None:
    project.steps("")
    project.write(
        "runbook/test_20_skipped.py",
        "import pytest\npytest.skip('no mood', allow_module_level=True)\n",
    )
    assert project.run().ret != 0


def test_a_row_of_the_guide_that_no_step_serves_never_ends_in_0(project: Project) -> None:
    project.release = replace(RELEASE, guide={**RELEASE.guide, "G03": "nobody's duty"})
    project.steps("")
    result = project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*G03 open: not yet: no step serves this row"])


def test_a_step_with_subtests_is_refused(project: Project) -> None:
    """One that fails in them counts as done for the steps that wait for it."""
    project.steps('''
@pytest.fixture
def parts(subtests):
    return subtests

@step("second.parts", after=["first.baseline"])
def test_parts(parts):
    """One of its parts fails."""
    with parts.test("a"):
        assert not 1
''')
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*test_parts: a step has no subtests*"])
    assert not project.cluster.asked
