"""Which part of a standard's clause on changes a question of the audit serves, in our own words.

ISO/IEC 27001:2022 has changes in A.8.32 (guidance: ISO/IEC 27002:2022, 8.32), SOC 2 in CC8.1 of the
trust services criteria, PCI DSS 4.0 in 6.5.1. An empty word: that clause does not ask for it.
Whether the answer is enough for the clause is the auditor's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = ("ISO 27001 A.8.32", "SOC 2 CC8.1", "PCI DSS 6.5.1")
NOTE = (
    "The last three columns say which part of a standard's clause on changes the answer serves:"
    " ISO/IEC 27001:2022 A.8.32, SOC 2 CC8.1, PCI DSS 4.0 6.5.1. Whether it is enough is the"
    " auditor's to say. 6.5.1 also asks for the impact on security, which the change's own record"
    " assesses; here are findings and what was accepted."
)


@dataclass(frozen=True)
class Served:
    """A word for each of the three."""

    iso: str = ""
    soc: str = ""
    pci: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """As the columns have them."""
        return self.iso, self.soc, self.pci


SERVES = {
    "Reason of the change": Served("planned", "documented", "reason, description"),
    "Impact on services": Served("impact assessed", "impact evaluated"),
    "Approval": Served("authorized", "authorized, approved", "approval on record"),
    "Rehearsal": Served("tested before", "tested before", "tested"),
    "Tests before the change": Served("tested before", "tested before", "tested"),
    "Tests after the change": Served("result accepted", "tested", "tested"),
    "Deployment record": Served("record kept", "implemented, tracked", "description"),
    "Back-out": Served("fall-back", "", "failures addressed, secure state back"),
    "Communication": Served("told to those concerned"),
    "Machines": Served("record kept", "documented"),
    "Accepted risks": Served("impact assessed", "impact evaluated"),
    "Loss of data": Served("impact assessed", "impact evaluated"),
    "Open points": Served("record kept", "tracked"),
    "Completeness": Served("record kept", "documented"),
    "What is not covered": Served("record kept", "documented"),
    "Outside witness": Served("record kept", "documented"),
    "Altered since": Served("record kept", "documented"),
}
"""By the question, as the page has it."""
