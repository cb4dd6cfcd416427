"""The command line of `neteye`: health, check, update, upgrade."""

from __future__ import annotations

import sys

from neteye_standin import harm, health, packages, tasks
from neteye_standin.context import Context, ContextError, load
from neteye_standin.counts import count_start
from neteye_standin.procedure import Run, Task, perform

USAGE = """\
Usage: neteye COMMAND
Stand-in of a rehearsal cluster; not NetEye.

Commands:
  health light|deep   check this node (exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN)
  check               the same as `health light`
  update              install the newest packages of this release on all nodes
  upgrade             go to the next release on all nodes
"""
USAGE_ERROR = 4


def update_tasks() -> list[Task]:
    """`neteye update`, in the order of the 4.22 guide (domain facts 2.1)."""
    return [
        ("health", tasks.health),
        ("standby", tasks.standby),
        ("fencing", tasks.fencing),
        ("packages", tasks.install_packages(tasks.current_release)),
        ("elastic", tasks.restart_elastic),
        ("templates", tasks.templates),
        ("migration", tasks.search_leftovers),
        ("secure_install", tasks.secure_install),
    ]


def upgrade_tasks() -> list[Task]:
    """`neteye upgrade`, the best model of it (domain facts 2.1)."""
    return [
        ("health", tasks.health),
        ("pending", tasks.no_pending_updates),
        ("eligibility", tasks.eligible),
        ("repositories", tasks.switch_repositories),
        ("available", tasks.packages_available),
        ("standby", tasks.standby),
        ("fencing", tasks.fencing),
        (
            "packages",
            tasks.install_packages(lambda run: packages.next_release(tasks.current_release(run))),
        ),
        ("elastic", tasks.restart_elastic),
        ("templates", tasks.templates),
        ("migration", tasks.search_leftovers),
        ("secure_install", tasks.secure_install),
        ("finalise", tasks.finalise),
    ]


def main(argv: list[str]) -> int:
    """Run a command; its exit status."""
    if argv in (["--help"], ["-h"], ["help"]):
        print(USAGE, end="")
        return 0
    try:
        if argv == ["check"]:
            count_start("neteye-check")
            return health.main("light")
        if argv[:1] == ["health"] and argv[1:] in (["light"], ["deep"]):
            count_start(f"neteye-health-{argv[1]}")
            return health.main(argv[1])
        if argv in (["update"], ["upgrade"]):
            count_start(f"neteye-{argv[0]}")
            return _procedure(argv[0], load())
    except ContextError as error:
        print(f"neteye: {error}", file=sys.stderr)
        return 1
    print(USAGE, end="", file=sys.stderr)
    return USAGE_ERROR


def _procedure(command: str, context: Context) -> int:
    if context.me.role != "operative":
        return harm.turn_into_operative(command, context)
    steps = update_tasks() if command == "update" else upgrade_tasks()
    return perform(Run(command, context), steps)
