"""Faults of commands: they hang, say too much, say what is no text, tell another time."""

from __future__ import annotations

from tests.faults.fault import fault
from tests.faults.lab import Lab
from tests.faults.running import Running
from tests.faults.strikes import shim, standin_faults
from tests.proving.kind import Red

HUNDRED_MB = 100_000_000
LINE = "a line of a command that does not stop talking, the same each time"
FLOOD = f"yes '{LINE}' | head -c {HUNDRED_MB}"
REAL = 'exec "$REAL" "$@"'
MOST_MEMORY = 600 << 20
"""Bytes; a run of this size of cluster has 60 to 70 MB."""
MOST_KEPT = 25 << 20
"""Bytes of a console or journal that a person can still open."""


@fault(
    "`neteye health deep` on N never answers (`runbook_command_seconds=40`)",
    shows="question-unanswered",
)
def question_hangs(lab: Lab) -> None:
    with standin_faults(lab, lab.cluster.active, '{"health": {"deep": {"hang": true}}}'):
        running = lab.start(command_seconds=40)
        lab.expect(running, 10, "question-unanswered", "neteye health deep")
        _is_gone(lab, "neteye health deep")
    lab.plan_again()


@fault(
    "`pcs node unstandby` on N never ends (`runbook_command_seconds=40`)",
)
def change_hangs(lab: Lab) -> None:
    hang = 'if [ "$1 $2" = "node unstandby" ]; then exec sleep 98765; fi\n' + REAL
    with shim(lab, lab.cluster.active, "pcs", hang):
        running = lab.start(command_seconds=40)
        lab.expect(running, 12, "not known", "unstandby", "[Rr]un again")
        _is_gone(lab, "sleep 98765")
    lab.run_again()
    lab.expect_upgraded(rounds=2)


@fault(
    "a task of `neteye upgrade` hangs for ever; a person ends the command",
    shows="round-failed",
    stops="upgrade.stop",
)
def upgrade_hangs(lab: Lab) -> None:
    content = '{"upgrade": {"task": "packages", "mode": "hang"}}'
    with standin_faults(lab, lab.cluster.active, content):
        running = lab.start()
        # of a start that takes long the console says so, too: before there is a command to end
        lab.until_task(running, "upgrade-1", "packages")
        running.until("the console says that it runs", lambda: "still running" in running.text)
        lab.cluster.shell(lab.cluster.active, 'kill -KILL "$(cat /run/neteye-command.lock)"')
        lab.expect(running, 1, "round-failed", "exit status 137")
    lab.run_again()
    lab.expect_upgraded(rounds=3)


@fault("a question on N is answered by 100 MB", shows="question-unanswered")
def question_of_100_mb(lab: Lab) -> None:
    with shim(lab, lab.cluster.active, "drbdsetup", f"{FLOOD}\n{REAL}"):
        running = lab.start()
        lab.expect(running, 10, "question-unanswered", "DRBD")
        _is_moderate(lab, running)
    lab.plan_again()


@fault("`neteye upgrade` prints 100 MB")
def upgrade_of_100_mb(lab: Lab) -> None:
    flood = f'if [ "$1" = upgrade ]; then {FLOOD}; fi\n{REAL}'
    with shim(lab, lab.cluster.active, "neteye", flood):
        running = lab.start()
        lab.expect(running, 0)
        _is_moderate(lab, running)
    lab.expect_upgraded(rounds=2)


@fault("a question on N is answered in bytes that are no UTF-8", shows="question-unanswered")
def question_not_utf8(lab: Lab) -> None:
    with shim(lab, lab.cluster.active, "crm_mon", f"printf 'caf\\xe9 \\xff\\xfe\\n'\n{REAL}"):
        lab.expect(lab.start(), 10, "question-unanswered")
    lab.plan_again()


@fault(
    "`neteye update` and `upgrade` print bytes that are no UTF-8, and NUL and escape characters",
    scenario="guide",
)
def log_not_utf8(lab: Lab) -> None:
    noise = "printf 'caf\\xe9 \\xff\\xfe \\0 \\033[31m red\\n'"
    script = f'case "$1" in update|upgrade) {noise};; esac\n{REAL}'
    with shim(lab, lab.cluster.active, "neteye", script):
        ran = lab.expect(lab.start(), 0, "caf")
    if "\x1b" in ran.console or "\0" in ran.console:
        raise Red("what a node printed reached the terminal unchanged", lab.columns)
    lab.expect_upgraded(rounds=2)


@fault("the clock of OTHER is 95 s ahead for what is asked there", shows="clock-difference")
def clock_shifted(lab: Lab) -> None:
    with shim(lab, lab.cluster.other, "date", 'exec "$REAL" -d "+95 seconds" "$@"'):
        lab.expect(lab.start(), 10, "clock-difference", lab.cluster.other)
    lab.plan_again()


def _is_gone(lab: Lab, command: str) -> None:
    """The command that hung was ended on the node, too."""
    lab.wait_for(
        f"{command!r} ended on the node",
        lab.cluster.active,
        f"! ps -eo args= -ww | grep -F -- {command!r} | grep -vF grep >/dev/null",
        seconds=30,
    )


def _is_moderate(lab: Lab, running: Running) -> None:
    """The run took no more memory and left no larger console and journal than can be handled."""
    if running.peak_memory > MOST_MEMORY:
        raise Red(f"the run took {running.peak_memory >> 20} MiB of memory", lab.columns)
    lab.said[-1] += f" ({running.peak_memory >> 20} MiB of memory at most)"
    directory = running.directory
    assert directory is not None
    files = [running.console, *(path for path in directory.iterdir() if path.is_file())]
    large = {path.name: size for path in files if (size := path.stat().st_size) > MOST_KEPT}
    if large:
        raise Red(f"larger than {MOST_KEPT} bytes: {large}", lab.columns)
