"""Builds the repositories of both releases with rpmbuild and createrepo_c.

Runs inside the node image (Debian 12 with rpm, createrepo-c and `ocsinventory-server`):
`python3 -m rehearsal.packages.build --out /srv/repo --settings settings.json`. About two seconds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rehearsal.packages import ocs_conf
from rehearsal.packages.catalog import RELEASE_SETS, REPOSITORIES, ReleaseSet, in_release
from rehearsal.packages.contents import Contents, DebianFiles, contents
from rehearsal.packages.specs import render_spec

COMMAND_DEADLINE = 120.0  # seconds for one rpmbuild or createrepo_c
_REPORTS_UPDATES = "usr/share/ocsinventory-reports/files/update"
# The steps between the console of 4.25 and OCS 2.10.0; 7050 is secure install's own work.
_TARGET_STEPS = tuple(f"{step}.sql" for step in range(7051, 7064))


class BuildError(Exception):
    """rpms or repositories could not be made; the text says which and why."""


def build_repositories(out: Path, settings: Mapping[str, Any], root: Path = Path("/")) -> None:
    """Makes `out/neteye-4.25-base`, `out/neteye-4.25` and `out/neteye-4.26`, replacing older ones.

    `settings` is what `rehearsal.standins.settings.draw` gave; `root` is where Debian's packages
    are unpacked. Raises BuildError when a package is missing in the image or a build fails.
    """
    debian = read_debian_files(root)
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-rpm-") as work,
        ThreadPoolExecutor(3) as pool,
    ):
        jobs = {
            release: pool.submit(_build_release, Path(work), release, settings, debian)
            for release in RELEASE_SETS
        }
        rpms = {release: job.result() for release, job in jobs.items()}
        list(pool.map(lambda name: _publish(out, name, rpms), REPOSITORIES))


def read_debian_files(root: Path) -> DebianFiles:
    """What is taken from Debian's packages below `root`; the SQL steps may be absent."""
    updates = root / _REPORTS_UPDATES
    steps = [updates / name for name in _TARGET_STEPS if (updates / name).is_file()]
    return DebianFiles(
        server_conf=_read(root / ocs_conf.DEBIAN_SERVER_CONF),
        restapi_conf=_read(root / ocs_conf.DEBIAN_RESTAPI_CONF),
        ocs_updates={path.name: path.read_text(encoding="utf-8") for path in steps},
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(
            f"{path} is missing: the image needs Debian's package ocsinventory-server with its"
            " /etc/apache2/conf-available files"
        ) from None


def _build_release(
    work: Path, release: ReleaseSet, settings: Mapping[str, Any], debian: DebianFiles
) -> list[Path]:
    top = work / release
    for name in ("BUILD", "BUILDROOT", "RPMS", "SOURCES/tree", "SPECS", "SRPMS", "db"):
        (top / name).mkdir(parents=True)
    packages = [(p, contents(p, release, settings, debian)) for p in in_release(release)]
    for _, payload in packages:
        _write_tree(top / "SOURCES/tree", payload)
    spec = top / "SPECS/rehearsal.spec"
    spec.write_text(render_spec(release, packages), encoding="utf-8")
    _run(
        [
            "rpmbuild",
            "-bb",
            "--define",
            f"_topdir {top}",
            "--define",
            f"_dbpath {top}/db",
            "--define",
            "_binary_payload w0.gzdio",
            str(spec),
        ],
        f"rpmbuild of the {release} set",
    )
    built = sorted((top / "RPMS").rglob("*.rpm"))
    if len(built) != len(packages):
        raise BuildError(f"rpmbuild of the {release} set made {len(built)} rpms of {len(packages)}")
    return built


def _write_tree(tree: Path, payload: Contents) -> None:
    for name, text in payload.files.items():
        path = tree / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _publish(out: Path, name: str, rpms: Mapping[ReleaseSet, list[Path]]) -> None:
    fresh = out / f".{name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for release in REPOSITORIES[name]:
        for rpm in rpms[release]:
            shutil.copyfile(rpm, fresh / rpm.name)
    _run(["createrepo_c", "--quiet", "--no-database", str(fresh)], f"createrepo_c of {name}")
    shutil.rmtree(out / name, ignore_errors=True)
    fresh.rename(out / name)


def _run(argv: list[str], what: str) -> None:
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=COMMAND_DEADLINE, check=False
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise BuildError(f"{what} ended with {done.returncode}:\n{tail}")


def main(argv: list[str] | None = None) -> int:
    """Command line; 0 done, 1 failed."""
    parser = argparse.ArgumentParser(prog="rehearsal.packages.build", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="directory of the repositories")
    parser.add_argument("--settings", type=Path, required=True, help="JSON drawn from the seed")
    options = parser.parse_args(argv)
    try:
        settings = json.loads(options.settings.read_text(encoding="utf-8"))
        build_repositories(options.out, settings)
    except (BuildError, OSError, ValueError) as error:
        print(f"repositories not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
