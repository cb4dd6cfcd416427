"""The tasks of update and upgrade; each does the documented work for real (domain facts 2.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from neteye_standin import pacemaker, packages
from neteye_standin.context import FINALISED_MARK, RELEASE_FILE, Node
from neteye_standin.health_checks import CRITICAL, UNKNOWN
from neteye_standin.packages import PackageError
from neteye_standin.procedure import NodeFailure, Result, Run, TaskFailed

T = TypeVar("T")
NODE_STEP = "/usr/share/neteye/rehearsal/node-step"
DNF_DEADLINE = 600.0  # seconds
SECURE_INSTALL_DEADLINE = 900.0


def finalised(run: Run, node: Node) -> str:
    """The release whose installation was finalised last on that node, else its release file."""
    for path in (FINALISED_MARK, RELEASE_FILE):
        answer = run.ask(node, ["cat", str(path)])
        words = answer.out.replace("NetEye release ", "").split()
        if answer.rc == 0 and words:
            return words[0]
    raise NodeFailure(f"{RELEASE_FILE} is missing")


def current_release(run: Run) -> str:
    """The release that the cluster is at, by the mark on the active node. Raises TaskFailed."""
    try:
        return finalised(run, run.active)
    except NodeFailure as failure:
        run.log.failure(run.active.name, str(failure), unreachable=failure.unreachable)
        raise TaskFailed from None


def health(run: Run) -> None:
    """Deep health of every node; a warning does not stop."""

    def work(node: Node) -> Result:
        answer = run.ask(node, [NODE_STEP, "health"], deadline=180.0)
        lines = [line for line in answer.out.splitlines() if line.strip()]
        if answer.rc in (CRITICAL, UNKNOWN) or not lines:
            detail = "; ".join(lines[1:]) or answer.tail
            raise NodeFailure(run.message("health_failed", node=node.name, detail=detail))
        return Result(detail=lines[0])

    run.each(run.nodes, work)


def no_pending_updates(run: Run) -> None:
    """No node lacks an update of the release it is at."""
    release = current_release(run)

    def work(node: Node) -> Result:
        found = _guarded(lambda: packages.pending(run.asker(node), release))
        if found:
            hint = run.message("pending_hint", source=release)
            raise NodeFailure(f"{run.message('pending', example=found[0])}\n{hint}")
        return Result()

    run.each(run.nodes, work)


def eligible(run: Run) -> None:
    """There is a next release, and the last installation was finalised on every node alike."""
    release = current_release(run)
    target = packages.next_release(release)

    def work(node: Node) -> Result:
        mark = finalised(run, node)
        if release == run.settings["target"]:  # no later one is known to the stand-in
            detail = f"release {release} is the newest"
        elif mark != release:
            detail = f"{node.name} is at {mark}, {run.active.name} at {release}"
        else:
            return Result(detail=f"{release} -> {target}")
        raise NodeFailure(run.message("not_eligible", target=target, detail=detail))

    run.each(run.nodes, work)


def switch_repositories(run: Run) -> None:
    """`DNF0` says the next release on every node."""
    text = f"export DNF0={packages.next_release(current_release(run))}\n"

    def work(node: Node) -> Result:
        if run.ask(node, ["cat", packages.DNF_FILE]).out == text:
            return Result()
        answer = run.ask(node, ["tee", packages.DNF_FILE], stdin=text)
        if answer.rc != 0:
            raise NodeFailure(f"{packages.DNF_FILE}: {answer.tail}")
        return Result("changed")

    run.each(run.nodes, work)


def packages_available(run: Run) -> None:
    """The repository of the next release answers on every node and has NetEye in it."""
    release = packages.next_release(current_release(run))

    def work(node: Node) -> Result:
        try:
            if packages.available(run.asker(node), release):
                return Result()
            detail = f"no package {packages.PACKAGE} of {release}"
        except PackageError as error:
            detail = str(error)
        raise NodeFailure(
            run.message("repository_failed", node=node.name, target=release, detail=detail)
        )

    run.each(run.nodes, work)


def standby(run: Run) -> None:
    """Every operative node but the active one in standby."""
    others = [node for node in run.context.cluster.operative if node != run.active]
    _change(run, lambda: pacemaker.standby(others))


def fencing(run: Run) -> None:
    """Fencing off, if it is on. Nothing here ever switches it on again."""
    _change(run, pacemaker.fencing_off)


def install_packages(release_of: Callable[[Run], str]) -> Callable[[Run], None]:
    """The task that upgrades the rpms of every node, one after the other."""

    def task(run: Run) -> None:
        release = release_of(run)

        def work(node: Node) -> Result:
            try:
                return _install(run, node, release)
            except PackageError as error:
                detail = str(error)
            raise NodeFailure(run.message("packages_failed", node=node.name, detail=detail))

        run.each(run.in_order, work, parallel=False)

    return task


def restart_elastic(run: Run) -> None:
    """Each node whose Elasticsearch is older than its rpm, one at a time."""

    def work(node: Node) -> Result:
        return _node_step(run, node, "elastic")

    run.each(run.in_order, work, parallel=False)


def templates(run: Run) -> None:
    """Templates that packages bring for shared directories, on the node that has these."""
    run.each([run.active], lambda node: _node_step(run, node, "templates"))


def search_leftovers(run: Run) -> None:
    """`.rpmnew` and `.rpmsave` on every node; a person has to migrate what is found."""
    first_only = run.settings["migration_report"] == "first"

    def work(node: Node) -> Result:
        found = _guarded(lambda: packages.leftovers(run.asker(node)))
        if found:
            files = ", ".join(found)
            raise NodeFailure(run.message("migration", node=node.name, files=files))
        return Result()

    run.each(run.nodes, work, parallel=not first_only)


def secure_install(run: Run) -> None:
    """`neteye_secure_install` on the active node."""
    _script(run, "neteye_secure_install", SECURE_INSTALL_DEADLINE)


def finalise(run: Run) -> None:
    """`neteye_finalize_installation` on the active node, which reaches all of them."""
    _script(run, "neteye_finalize_installation", 300.0)


def _install(run: Run, node: Node, release: str) -> Result:
    ask = run.asker(node, deadline=DNF_DEADLINE)
    if not packages.pending(ask, release):
        return Result()
    # Stands for the minutes that a real transaction takes.
    threading.Event().wait(run.settings["seconds_per_node"])
    packages.upgrade(ask, release)
    return Result("changed")


def _change(run: Run, change: Callable[[], bool]) -> None:
    def work(_: Node) -> Result:
        try:
            return Result("changed" if change() else "ok")
        except pacemaker.PacemakerError as error:
            raise NodeFailure(str(error)) from None

    run.each([run.context.me], work)


def _node_step(run: Run, node: Node, step: str) -> Result:
    answer = run.ask(node, [NODE_STEP, step])
    if answer.rc != 0:
        raise NodeFailure(answer.tail)
    return Result("changed" if answer.out.strip() == "changed" else "ok")


def _script(run: Run, name: str, deadline: float) -> None:
    def work(node: Node) -> Result:
        answer = run.ask(node, [f"/usr/sbin/{name}"], deadline=deadline)
        if answer.rc != 0:
            detail = answer.tail
            raise NodeFailure(run.message("task_failed", node=node.name, task=name, detail=detail))
        return Result("changed")

    run.each([run.active], work)


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except PackageError as error:
        raise NodeFailure(str(error)) from None
