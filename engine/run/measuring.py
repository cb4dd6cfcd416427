"""What is measured while the cluster is changed: who is in standby, which services answer."""

from __future__ import annotations

from datetime import datetime

from engine.ask.look import Look
from engine.model.cluster import ClusterStatus
from engine.probing.watch import ServiceWatch, targets_of
from engine.queries.pacemaker import STATUS
from engine.record.asked import answered_from
from engine.record.run import Run
from engine.record.standby import StateWatch
from engine.run.survey import Survey
from engine.transport.base import Transport


class Measuring:
    """Standby and fencing from the first look on, services from the attempt's first change on."""

    def __init__(self, run: Run, transport: Transport) -> None:
        self._run = run
        self._transport = transport
        self._look: Look
        self._survey: Survey
        self._states = StateWatch(self._status, run.record, run.now)
        self._services = ServiceWatch(run, transport, run.inventory.operative)

    def watch_states(self, look: Look, survey: Survey, asked: datetime) -> None:
        """Record standby and fencing from the first look on, which was `asked` then."""
        self._look, self._survey = look, survey
        if not self._run.mode.changes:
            return
        self._states.go_on_from(survey.earlier)
        if survey.status is not None:
            self._states.see(survey.status, asked)
        look.on_status = self._states.see

    def look_at_states(self, *, now: bool = False) -> None:
        """Look who is in standby when the last look is some seconds old, or at once."""
        self._states.sample(now=now)

    def watch_services(self) -> None:
        """From the attempt's first change on: whether the cluster's services answer."""
        defined = self._survey.definition
        targets = targets_of(
            self._run.release.services if defined else (),
            self._run.inventory.settings.probes,
            address=defined.cluster_ip if defined else "",
            name=defined.hostname if defined else "",
            active=self._look.names.active,
        )
        here = str(self._run.journal.events[0].get("host", ""))
        self._services.begin(targets, answered_from(self._survey.earlier, here))

    def end(self) -> None:
        """Services are not asked any more: the run is over."""
        self._services.end()

    def _status(self) -> ClusterStatus:
        # asked past the evidence: hundreds of equal looks would bury it
        answer = self._transport.run(self._look.names.active, STATUS.argv, deadline=STATUS.deadline)
        return self._look.names.localised(STATUS.parse(answer))
