"""Makes the directory of the cluster's Icinga 2: its configuration, its CA and its certificate.

They are there before Icinga's first start, so no node has to run `icinga2 api setup`.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rehearsal.inside.commands import run, self_signed, signed
from rehearsal.inside.files import write

NAME = "icinga2-master.neteyelocal"
_OWNER = "nagios:nagios"
"""As whom Debian's Icinga runs; the same numbers on all nodes, which are of one image."""


def prepare(folder: Path, files: Mapping[str, str], authority: Path) -> None:
    """Fill `folder`; `files`: text by path below `conf/icinga2`. The CA goes to `authority`, too.

    The CA's key is thrown away: nothing is ever signed by it again.
    """
    for path, text in files.items():
        target = folder / "conf/icinga2" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, text, 0o640)
    certificates = folder / "data/lib/icinga2/certs"
    certificates.mkdir(parents=True)
    (folder / "data/log/icinga2").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory)
        ca, ca_key = made / "ca.crt", made / "ca.key"
        certificate, key = made / f"{NAME}.crt", made / f"{NAME}.key"
        self_signed("/CN=Icinga CA", ca, ca_key)
        signed(NAME, certificate, key, ca, ca_key)
        for path in (ca, certificate, key):
            shutil.copy(path, certificates)
        shutil.copy(ca, authority)
    run("chown", "-R", _OWNER, str(folder))
