"""What pytest collects becomes the steps of the run, in order, each with what it waits for."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from engine.attempt.settle import refuse_unknown_steps
from engine.errors import UsageError
from engine.model.ending import Ending
from engine.model.steps import StepItem, mark_of
from engine.record.started import steps_field
from engine.run import usage, version_step
from engine.run.graph import order, resolve
from engine.run.session import ITEM, RUN
from engine.run.start import leave_to_the_end
from engine.run.until import leave_out_the_rest

_SKIPPED = pytest.StashKey[list[str]]()
_UNCOLLECTED = pytest.StashKey[list[str]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fan-out: one item a round and node, with a name of its own."""
    run = metafunc.config.stash.get(RUN, None)
    mark = mark_of(metafunc.function)
    if run is None or mark is None:
        return
    inventory = run.inventory
    if "round" in mark.each:
        rounds = range(1, len(inventory.operative) + 3)
        metafunc.parametrize("round_number", list(rounds), ids=[str(r) for r in rounds])
    if "node" in mark.each:
        nodes = inventory.names if mark.nodes == "all" else getattr(inventory, mark.nodes)
        metafunc.parametrize("node", list(nodes), ids=list(nodes))


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    run = config.stash.get(RUN, None)
    if run is None:
        return
    if uncollected := config.stash.get(_UNCOLLECTED, []):
        # told before the graph is checked, which lacks these steps
        reason = "; ".join(uncollected)
        stop = run.halt(Ending.USAGE, reason, "Mend the runbook, then run again.")
        raise pytest.UsageError(stop.reason)
    if skipped := config.stash.get(_SKIPPED, []):
        raise pytest.UsageError(f"{', '.join(skipped)}: a part of the runbook that skips itself")
    scope = run.scope
    marked = [(item, _step_item(item)) for item in version_step.in_order(items)]
    marked = [(item, step) for item, step in marked if scope in step.mark.scopes]
    empty = {step.mark.name for _, step in marked if _has_no_node(step)}
    marked = [(item, step) for item, step in marked if not _has_no_node(step)]
    marked = [marked[index] for index in order([step for _, step in marked])]
    items[:], steps = [item for item, _ in marked], [step for _, step in marked]
    try:
        run.waits_for = depends = resolve(steps, empty)
        leave_out_the_rest(run, steps)
        refuse_unknown_steps(run.settlements, [step.name for step in steps])
    except UsageError as error:
        raise usage.as_pytest_has_it(error) from None
    for item, step in marked:
        item.stash[ITEM] = step
        # for what ends a night the run itself knows whether all before it is done
        named = [] if step.name in run.at_its_end else depends[step.name]
        item.add_marker(pytest.mark.dependency(name=step.name, depends=named, scope="session"))
    run.redactor.spare(*(step.name for step in steps))
    run.redactor.know(*(step.name for step in steps))
    run.record("steps", steps=steps_field([(s, i.nodeid, intent_of(i)) for i, s in marked]))
    leave_to_the_end()


def intent_of(item: pytest.Item) -> str:
    """The step's sentence: the first line of its docstring."""
    doc = (getattr(item, "function", None).__doc__ or "").strip().splitlines()
    return doc[0] if doc else ""


def _has_no_node(step: StepItem) -> bool:
    """pytest makes one item that is skipped of a fan-out over a group without nodes."""
    return "node" in step.mark.each and not isinstance(step.node, str)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.stash.get(RUN, None) is None:
        return report
    if report.skipped:
        collector.config.stash.setdefault(_SKIPPED, []).append(collector.name)
    elif report.failed:
        why = report.longreprtext.strip().rpartition("\n")[2].removeprefix("E ").strip()
        text = f"{collector.nodeid}: the runbook could not be collected: {why}"
        collector.config.stash.setdefault(_UNCOLLECTED, []).append(text)
    return report


def _step_item(item: pytest.Item) -> StepItem:
    mark = mark_of(getattr(item, "function", None))
    if mark is None:
        raise pytest.UsageError(f"{item.nodeid}: a test of the runbook without @step")
    if "subtests" in getattr(item, "fixturenames", ()):
        # pytest-dependency sees the step end well, whatever became of them
        raise pytest.UsageError(f"{item.nodeid}: a step has no subtests; judge findings instead")
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return StepItem(mark, parameters.get("round_number"), parameters.get("node"))
