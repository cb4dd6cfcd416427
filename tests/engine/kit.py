"""A run, a node N with real record scripts, and clocks that nobody waits for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.attempt import remote
from engine.judge.weighing import Judge
from engine.model.answer import Answer, Lost, LostKind
from engine.model.ending import Mode
from engine.model.finding import Acceptance, Finding, Severities, Severity
from engine.model.host import Version
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.model.release import Release
from engine.record.journal import Journal
from engine.record.memory import Memory
from engine.record.outputs import Outputs
from engine.record.redact import Redactor
from engine.record.run import Run
from engine.secrets import Secret
from tests.engine.scripted import FakeTransport

N, SECOND, THIRD, ELASTIC, VOTING = (f"neteye{i:02}.neteyelocal" for i in range(1, 6))
ATTEMPT = "20261101T000000Z-test-0001"
RUN_ID = "20261102T000000Z-test-0002"
BEGIN = datetime(2026, 11, 2, tzinfo=UTC)

SEVERITIES = Severities(
    table={
        "disk-space": Severity.BLOCK,
        "updates-pending": Severity.WARN,
        "a-note": Severity.INFO,
        "version-path": Severity.BLOCK,
    },
    never_acceptable=frozenset({"version-path", "outcome-unknown"}),
)
RELEASE = Release(
    source=Version(4, 25),
    target=Version(4, 26),
    severities=SEVERITIES,
    guide={"G01": "the first duty", "G02": "the second duty"},
    known_conflicts=frozenset({"/etc/httpd/conf.d/a.conf.rpmnew"}),
    repository="neteye",
    database_resource="mariadb",
    estimate_base=30,
    estimate_per_node=15,
)


def inventory(**settings: Any) -> Inventory:
    """Three operative nodes, one Elastic-only, one voting-only."""
    roles = (*[Role.OPERATIVE] * 3, Role.ELASTIC_ONLY, Role.VOTING_ONLY)
    names = (N, SECOND, THIRD, ELASTIC, VOTING)
    hosts = tuple(
        Host(name, role, f"192.0.2.{i}")
        for i, (name, role) in enumerate(zip(names, roles, strict=True), 1)
    )
    given = {"cluster": "neteye.example.test", "environment": Environment.STAGING, **settings}
    return Inventory(Path("prod.ini"), hosts, Settings(**given))


def ticking(step: float = 1.0) -> Callable[[], datetime]:
    """A wall clock that goes on by `step` seconds at each look."""
    seconds = 0.0

    def now() -> datetime:
        nonlocal seconds
        seconds += step
        return BEGIN + timedelta(seconds=seconds)

    return now


@dataclass
class FakeTime:
    """A monotonic clock; waiting moves it on and costs no time."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


def make_run(
    directory: Path,
    *,
    mode: Mode = Mode.EXECUTE,
    earlier: Iterable[Mapping[str, Any]] = (),
    acceptances: tuple[Acceptance, ...] = (),
    attempt: str | None = ATTEMPT,
    **settings: Any,
) -> Run:
    """A run whose directory is below `directory`, remembering the `earlier` events."""
    where = directory / RUN_ID
    (where / "outputs").mkdir(parents=True)
    redactor = Redactor()
    now = ticking()
    return Run(
        inventory=inventory(**settings),
        release=RELEASE,
        mode=mode,
        directory=where,
        run_id=RUN_ID,
        journal=Journal(where / "journal.jsonl", RUN_ID, redactor.clean_output, now),
        redactor=redactor,
        judge=Judge(SEVERITIES, acceptances),
        outputs=Outputs(where / "outputs", redactor.clean_output, redactor.has_nothing_in),
        started=BEGIN,
        now=now,
        memory=Memory.fold(earlier),
        attempt=attempt,
        step="phase.step",
    )


def finding(code: str = "disk-space", subject: str = SECOND, **changes: Any) -> Finding:
    plain: dict[str, Any] = {
        "code": code,
        "subject": subject,
        "observed": "1 GB free on /var",
        "expected": "3 GB",
        "remedy": "Make room, then run again.",
    }
    return Finding(**{**plain, **changes})


def event(name: str, seconds: float = 0.0, /, **fields: Any) -> dict[str, Any]:
    """An event as a journal line has it."""
    moment = (BEGIN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return {"schema": 1, "run": "r", "seq": 1, "time": moment, "event": name, **fields}


def intent(step: str = "phase.step", number: int = 1, **fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "step": step,
        "key": f"{step}#{number}",
        "node": N,
        "what": "set x",
        "command": "pcs property set x=1",
        "repeatable": True,
        "detached": None,
        "opens": [],
    }
    return event("intent", **{**plain, **fields})


def result(
    step: str = "phase.step", number: int = 1, outcome: str = "ok", **fields: Any
) -> dict[str, Any]:
    plain = {"step": step, "key": f"{step}#{number}", "outcome": outcome, "node": N, "code": 0}
    return event("result", **{**plain, **fields})


def run_script(argv: tuple[str, ...], stdin: bytes = b"") -> Answer:
    """Run a record script here, for real; its login shell reads no profile of this machine."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
            env={**os.environ, "HOME": home},
        )
    return Answer(done.returncode, done.stdout, done.stderr, 0.0)


class Node(FakeTransport):
    """Nodes whose records lie in a directory here: record scripts run for real by `sh`.

    Every other command is answered from `answers`. `failing` are losses that come first,
    one for each record script asked, `None` for a script that is let through; `cut` is the
    number of bytes of standard input after which the connection is lost.
    """

    def __init__(self, root: Path, answers: Mapping[Any, Any] | None = None) -> None:
        super().__init__(answers or {})
        self.root = root
        self.failing: list[Lost | None] = []
        self.cut: int | None = None
        self.held_back: list[tuple[str, tuple[str, ...]]] = []

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        stdin: bytes | Secret | None = None,
        deadline: float,
        gate: Sequence[str] = (),
    ) -> Answer:
        """The gate before a change is asked for real; what it holds back is not run."""
        if gate:
            words = [word.replace(remote.ROOT, str(self.root)) for word in gate]
            asked = run_script((*words, "true"))
            if asked.code:
                self.held_back.append((node, tuple(argv)))
                return asked
        return super().run(node, argv, stdin=stdin, deadline=deadline)

    def _reply(self, node: str, argv: tuple[str, ...], stdin: bytes | Secret | None) -> Any:
        if not is_record_script(argv):
            return super()._reply(node, argv, stdin)
        if self.failing and (lost := self.failing.pop(0)) is not None:
            return lost
        data = stdin if isinstance(stdin, bytes) else b""
        words = tuple(word.replace(remote.ROOT, str(self.root)) for word in argv)
        if self.cut is not None:
            data, self.cut = data[: self.cut], None
            run_script(words, data)
            return lost_connection(node)
        return run_script(words, data)

    def journal_on_n(self, run_id: str = RUN_ID, attempt: str = ATTEMPT) -> str:
        """The text of this run's journal as it lies on N now; '' when there is none."""
        path = self.root / "attempts" / attempt / "journal" / f"{run_id}.jsonl"
        return path.read_text() if path.exists() else ""


def is_record_script(argv: tuple[str, ...]) -> bool:
    return len(argv) > 3 and argv[0] == "sh" and argv[3] == "neteye-runbook"


def lost_connection(node: str = N) -> Lost:
    return Lost(node, "the connection was lost", LostKind.CONNECTION_LOST)


def unreachable(node: str = N) -> Lost:
    return Lost(node, "no route to host", LostKind.UNREACHABLE)


def machine_id(name: str) -> str:
    """A machine id of its own for each name."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def who(name: str, cluster: str = "", **said: str) -> Answer:
    """What the machine `name` says of itself; `cluster` is the text of its cluster file.

    `said` are lines of the answer by their kind, in the place of the usual ones.
    """
    usual = {"id": machine_id(name), "hostname": name, "system": f"{machine_id(name)}/1"}
    lines = [f"{kind} {text}" for kind, text in {**usual, **said}.items()]
    lines += [f"cluster {line}" for line in cluster.splitlines()]
    return Answer(0, "\n".join(["who-i-am", *lines, ""]).encode(), b"", 0.0)


def replies(*each: Answer | Lost) -> Callable[[], Answer | Lost]:
    """One reply after the other; the last one stays."""
    left: Iterator[Answer | Lost] = iter(each)
    last = each[-1]

    def reply() -> Answer | Lost:
        return next(left, last)

    return reply
