"""The rehearsal's part of the step: a handful of packages, one scenario, one trivial task.

`python -m rehearsal up --step tests.next_step.rehearsal`. What such a package may have is told in
`rehearsal/to_4_26/__init__.py`; this one leaves out what it can.
"""

from rehearsal.packages.catalog import ALL_ROLES, OPERATING_SYSTEM, OPERATIVE, core
from rehearsal.scenario import Scenario
from rehearsal.step import Step

SOURCE, TARGET = "4.26", "4.27"
_NETEYE = (SOURCE, TARGET)

PACKAGES = (
    OPERATING_SYSTEM,
    core("neteye", "NetEye 4", ALL_ROLES, _NETEYE, updated=True),
    core("neteye-setup", "set-up of a node", ALL_ROLES, _NETEYE, updated=False),
    core("elasticsearch-neteye", "Elasticsearch", ALL_ROLES, ("7.17.5", "7.17.7"), updated=False),
    core("neteye-mariadb-conf", "MariaDB configuration", OPERATIVE, _NETEYE, updated=False),
    core("neteye-httpd", "httpd configuration", OPERATIVE, _NETEYE, updated=False),
    core("icinga2-neteye", "Icinga 2", OPERATIVE, ("2.11.12", "2.13.5"), updated=True),
    core("tornado", "Tornado", OPERATIVE, _NETEYE, updated=False),
)
SCENARIOS = (
    Scenario(
        "guide",
        f"{SOURCE} with pending updates",
        installed=f"{SOURCE}-base",
        release=SOURCE,
    ),
)
STEP = Step(
    package=__name__,
    source=SOURCE,
    target=TARGET,
    packages=PACKAGES,
    scenarios=SCENARIOS,
)
