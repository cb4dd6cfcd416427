"""The step 4.25 -> 4.26, all that the rehearsal knows of it: versions, OCS Inventory, GLPI.

A step is one package with a folder, given to `python -m rehearsal up --step PACKAGE`:
- `STEP`, a `rehearsal.step.Step`: versions, packages, scenarios (the first is the default one),
  services, what is drawn, settings of the inventory, and four hooks: what packages carry, the data
  of services, commands of a node's first start, the step's part of a twin. What a step does not
  have it leaves out.
- `image/`, what the node image has besides (each may be absent): `packages.txt` (Debian packages,
  a line each), `base.sh` (run by mmdebstrap with the root as its argument), `database/fill.sh` (run
  on the empty database with the client's words as arguments), `rootfs/` (copied to `/`).
- In `image/rootfs/usr/share/neteye/rehearsal/`, the package `neteye_step` (this one must be there):
  `secure_install(context)` does what the step's `neteye_secure_install` does to its modules and
  gives the lines that it prints; `TEMPLATES` says which packaged file goes where in a shared
  directory.
- `agents/`, where the step has machines whose agents report (`rehearsal.step.Agents`).
It has the standard library only, and is imported in a container of the image, too.
"""

from rehearsal.step import Step
from rehearsal.to_4_26 import contents, data, first_start
from rehearsal.to_4_26.catalog import PACKAGES
from rehearsal.to_4_26.machines import AGENTS
from rehearsal.to_4_26.scenarios import SCENARIOS
from rehearsal.to_4_26.services import SERVICES
from rehearsal.to_4_26.settings import VOCABULARY
from rehearsal.to_4_26.twin.making import twin
from rehearsal.to_4_26.versions import SOURCE, TARGET

STEP = Step(
    package=__name__,
    source=SOURCE,
    target=TARGET,
    packages=PACKAGES,
    scenarios=SCENARIOS,
    services=SERVICES,
    vocabulary=VOCABULARY,
    agents=AGENTS,
    inventory={"runbook_failover_proof": "yes"},
    contents=contents.contents,
    data=data.data,
    first_start=first_start.first_start,
    twin=twin,
)
