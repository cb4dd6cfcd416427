"""The frame of `neteye update|upgrade`: order, stop at the first failure, log, exit status."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from neteye_standin import commands, context, faults, procedure, tasks
from neteye_standin.procedure import NodeFailure, Result, Run
from neteye_standin.remote import Answer

from rehearsal.to_4_26 import STEP

NODES = [{"hostname": f"n{i}", "addr": f"10.0.0.{i}"} for i in (1, 2, 3)]
TEXT = json.dumps({"Hostname": "cluster", "Nodes": NODES})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setattr(procedure, "LOGS", tmp_path)
    monkeypatch.setattr(faults, "FAULTS_FILE", tmp_path / "faults.json")
    cluster = context.parse_cluster(TEXT)
    settings = STEP.draw(1, {"seconds_per_node": 0, "settings": {"failure_exit_code": 2}})
    return Run("upgrade", context.Context(cluster, cluster.nodes[0], settings))


def _answer(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Answer]) -> list[list[str]]:
    """Answers by a word of the command; the commands asked for."""
    asked: list[list[str]] = []

    def run_on(node: context.Node, _me: object, argv: Sequence[str], *_: object, **__: object):
        asked.append([node.name, *argv])
        key = next((k for k in answers if any(k in word for word in [node.name, *argv])), None)
        return answers[key] if key else Answer(0, "", "")

    monkeypatch.setattr(procedure, "run_on", run_on)
    return asked


def test_tasks_end_with_success(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def work(r: Run) -> None:
        r.each(r.nodes, lambda _: Result("changed"))

    assert procedure._perform(run, [("health", work)]) == 0
    out = capsys.readouterr().out
    assert f"TASK [{run.title('health')}]" in out
    assert out.count("changed: [") == 3
    assert run.message("success", command="upgrade") in out


def test_first_failed_task_ends_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    reached: list[str] = []

    def fail(r: Run) -> None:
        def work(node: context.Node) -> Result:
            if node.name == "n2":
                raise NodeFailure("no space left")
            return Result()

        r.each(r.nodes, work)

    steps = [("health", fail), ("fencing", lambda _: reached.append("fencing"))]
    assert procedure._perform(run, steps) == 2
    out = capsys.readouterr().out
    assert reached == []
    assert 'fatal: [n2]: FAILED! => {"changed": false, "msg": "no space left"}' in out
    assert "ok: [n3]" in out  # in parallel, all nodes are worked on


def test_one_after_the_other_stops_at_the_failing_node(run: Run) -> None:
    seen: list[str] = []

    def work(node: context.Node) -> Result:
        seen.append(node.name)
        raise NodeFailure("x")

    with pytest.raises(procedure.TaskFailed):
        run.each(run.nodes, work, parallel=False)
    assert seen == ["n1"]


@pytest.mark.parametrize(
    ("fault", "reached", "code"),
    [
        ({"task": "fencing", "mode": "fail"}, ["health"], 2),
        ({"task": "fencing", "mode": "once-done"}, ["health", "fencing"], 2),
        ({"task": "other"}, ["health", "fencing"], 0),
    ],
)
def test_injected_fault_hits_before_or_after_the_work(
    run: Run, fault: dict[str, str], reached: list[str], code: int
) -> None:
    faults.FAULTS_FILE.write_text(json.dumps({"upgrade": fault}))
    done: list[str] = []
    steps = [
        ("health", lambda _: done.append("health")),
        ("fencing", lambda _: done.append("fencing")),
    ]
    assert procedure._perform(run, steps) == code
    assert done == reached


def test_migration_error_names_node_and_both_files(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _answer(monkeypatch, {"n3": Answer(0, "/etc/a.rpmnew\n/etc/b.rpmnew\n", "")})
    with pytest.raises(procedure.TaskFailed):
        tasks.search_leftovers(run)
    out = capsys.readouterr().out
    fatal = next(line for line in out.splitlines() if line.startswith("fatal: [n3]"))
    message = json.loads(fatal.partition(" => ")[2])["msg"]
    assert all(word in message for word in ("n3", "/etc/a.rpmnew", "/etc/b.rpmnew"))


def test_pending_updates_stop_the_upgrade_and_name_a_package(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = "\ntornado.noarch    4.25-2.neteye    neteye\n"
    asked = _answer(
        monkeypatch,
        {"finalised-release": Answer(0, "4.25\n", ""), "check-update": Answer(100, listing, "")},
    )
    with pytest.raises(procedure.TaskFailed):
        tasks.no_pending_updates(run)
    assert "tornado, version 4.25-2.neteye" in capsys.readouterr().out
    # the release that the cluster is at, not what a login shell happens to say
    assert all("DNF0=4.25" in argv for argv in asked if "dnf" in argv)


@pytest.mark.parametrize("mark", ["4.24", "4.26"])
def test_a_node_at_another_release_is_not_eligible(
    run: Run, monkeypatch: pytest.MonkeyPatch, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _answer(monkeypatch, {"n2": Answer(0, f"{mark}\n", ""), "cat": Answer(0, "4.25\n", "")})
    with pytest.raises(procedure.TaskFailed):
        tasks.eligible(run)
    assert f"n2 is at {mark}, n1 at 4.25" in capsys.readouterr().out


def test_eligibility_looks_at_the_mark_so_that_a_second_round_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # after the first round packages, release file and DNF0 are of 4.26, the mark is still 4.25
    _answer(monkeypatch, {"finalised-release": Answer(0, "4.25\n", "")})
    tasks.eligible(run)


def test_nothing_pending_costs_no_time_and_no_transaction(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _answer(monkeypatch, {"check-update": Answer(0, "", "")})
    tasks.install_packages(lambda _: "4.26")(run)
    assert not any("upgrade" in argv for argv in asked)
    assert len(asked) == 3


def test_lost_connection_is_unreachable_not_failed(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _answer(monkeypatch, {"n2": Answer(255, "", "Connection reset", unreachable=True)})
    with pytest.raises(procedure.TaskFailed):
        tasks.search_leftovers(run)
    assert "fatal: [n2]: UNREACHABLE! => " in capsys.readouterr().out


def test_update_never_switches_releases_and_upgrade_ends_with_finalisation() -> None:
    update = [name for name, _ in commands.update_tasks()]
    upgrade = [name for name, _ in commands.upgrade_tasks()]
    assert not {"repositories", "finalise"} & set(update)
    assert upgrade[0] == "health"
    assert upgrade[-2:] == ["secure_install", "finalise"]
    assert upgrade.index("templates") < upgrade.index("migration")
    assert set(update) | set(upgrade) == set(STEP.draw(1)["tasks"])


def test_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["reboot"]) == commands.USAGE_ERROR
    assert "Stand-in" in capsys.readouterr().err
