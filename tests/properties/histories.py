"""Histories of an attempt as nothing disturbs it: events, and what the cluster shows after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from engine.model.host import Version
from engine.record.memory import Memory
from engine.record.position import Situation
from tests.engine import kit

SOURCE, TARGET = Version(4, 25), Version(4, 26)
OPERATIVE = (kit.N, kit.SECOND, kit.THIRD)
Event = dict[str, Any]


@dataclass(frozen=True)
class Cluster:
    """What can be seen."""

    versions: dict[str, Version] = field(default_factory=lambda: dict.fromkeys(OPERATIVE, SOURCE))
    standby: tuple[str, ...] = ()
    fencing: bool = True
    conflicts: bool = False


@dataclass(frozen=True)
class Moment:
    """An event, and the cluster when it is on record."""

    event: Event
    cluster: Cluster


@dataclass
class History:
    """Writes one, event by event."""

    fencing_before: bool
    cluster: Cluster = field(init=False)
    moments: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster = Cluster(fencing=self.fencing_before)

    @property
    def events(self) -> list[Event]:
        return [moment.event for moment in self.moments]

    def tell(self, event: Event) -> None:
        self.moments.append(Moment({**event, "seq": len(self.moments) + 1}, self.cluster))

    def change(
        self, step: str, *, code: int = 0, effect: Callable[[], None], **fields: Any
    ) -> None:
        """Intent, effect, result; between intent and result the cluster passes on."""
        closes = fields.pop("closes", [])
        self.tell(kit.intent(step, **fields))
        effect()
        outcome = "ok" if code == 0 else "failed"
        self.tell(kit.result(step, code=code, outcome=outcome, closes=closes))

    def set(self, **changes: Any) -> Callable[[], None]:
        def effect() -> None:
            self.cluster = replace(self.cluster, **changes)

        return effect

    def vendors_command(self, step: str, name: str, *, code: int = 0, **effects: Any) -> None:
        """`neteye update` or `upgrade`: standby and fencing are in the ledger before it starts."""
        opens = [
            {"kind": "standby", "subject": node, "former": "active"}
            for node in OPERATIVE[1:]
            if node not in self.cluster.standby
        ]
        if self.cluster.fencing:
            opens.append({"kind": "fencing", "subject": "cluster", "former": "enabled"})
        away = {"standby": OPERATIVE[1:], "fencing": False}
        self.change(
            step,
            code=code,
            effect=self.set(**away, **effects),
            detached=name,
            repeatable=False,
            opens=opens,
        )

    def give_back(self, phase: str) -> None:
        """Nodes out of standby, fencing as before."""
        closes = [["standby", node] for node in OPERATIVE]
        self.change(f"{phase}.unstandby", effect=self.set(standby=()), closes=closes)
        if self.fencing_before:
            closes = [["fencing", "cluster"]]
            self.change(f"{phase}.fencing", effect=self.set(fencing=True), closes=closes)

    def situation(self, count: int) -> Situation:
        """What a run would see that starts after the first `count` events."""
        seen = self.moments[count - 1].cluster if count else Cluster(fencing=self.fencing_before)
        return Situation(
            versions=seen.versions,
            memory=Memory.fold(self.events[:count]),
            has_records=count > 0,
            standby=seen.standby,
            fencing=seen.fencing,
            fencing_before=self.fencing_before if count else None,
            has_known_conflicts=seen.conflicts,
            has_packages_left=False,
            source=SOURCE,
            target=TARGET,
        )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """With or without an update, fencing, planned stops; to the attempt's end."""
    history = History(draw(st.booleans()))
    history.tell(kit.event("attempt-opened", attempt="a"))
    if draw(st.booleans()):
        history.vendors_command("update.run", "update-1")
        history.give_back("update")
    if draw(st.booleans()):
        _backup(history)
    stops = draw(st.integers(0, 3))
    for number in range(1, stops + 1):
        versions = {**history.cluster.versions, OPERATIVE[number - 1]: TARGET}
        step = f"upgrade.run[{number}]"
        name = f"upgrade-{number}"
        history.vendors_command(step, name, code=4, versions=versions, conflicts=True)
        history.change(f"migration.files[{number}][{kit.N}]", effect=history.set(conflicts=False))
    last = stops + 1
    versions = dict.fromkeys(OPERATIVE, TARGET)
    history.vendors_command(f"upgrade.run[{last}]", f"upgrade-{last}", versions=versions)
    history.give_back("reactivation")
    history.tell(kit.event("attempt-closed", attempt="a", by="done"))
    return history


def _backup(history: History) -> None:
    scratch = {"kind": "scratch-schema", "subject": "ocs_scratch", "former": "absent"}
    nothing = history.set()
    history.change("backup.proved", effect=nothing, opens=[scratch], number=1)
    history.tell(kit.intent("backup.proved", 2))
    history.tell(kit.result("backup.proved", 2, closes=[["scratch-schema", "ocs_scratch"]]))
