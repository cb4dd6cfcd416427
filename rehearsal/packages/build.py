"""Builds the repositories of both releases with rpmbuild and createrepo_c.

Runs inside the node image (Debian 12 with rpm and createrepo-c). About two seconds:
`python3 -m rehearsal.packages.build --step PACKAGE --out /srv/repo --settings settings.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rehearsal.packages.catalog import RELEASE_SETS, Package, ReleaseSet, in_release
from rehearsal.packages.contents import BuildError, Contents, setup, with_version
from rehearsal.packages.specs import render_spec
from rehearsal.step import Step, load

COMMAND_DEADLINE = 120.0  # seconds for one rpmbuild or createrepo_c


def build_repositories(step: Step, out: Path, settings: Mapping[str, Any]) -> None:
    """Makes the directories of `step.repositories` below `out`, replacing older ones.

    `settings` is what `step.draw` gave. Raises BuildError when a build fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-rpm-") as work,
        ThreadPoolExecutor(3) as pool,
    ):
        jobs = {
            release: pool.submit(_build_release, Path(work), release, settings, step)
            for release in RELEASE_SETS
        }
        rpms = {release: job.result() for release, job in jobs.items()}
        list(
            pool.map(
                lambda name: _publish(out, name, rpms, step.repositories[name]), step.repositories
            )
        )


def contents(
    step: Step, package: Package, release: ReleaseSet, settings: Mapping[str, Any]
) -> Contents:
    """The payload of `package` in that release set: the step's, but for the set-up of a node."""
    is_setup = package.name == "neteye-setup"
    found = setup(release, settings) if is_setup else step.contents(package, release, settings)
    return with_version(package, release, found)


def _build_release(
    work: Path, release: ReleaseSet, settings: Mapping[str, Any], step: Step
) -> list[Path]:
    top = work / release
    for name in ("BUILD", "BUILDROOT", "RPMS", "SOURCES/tree", "SPECS", "SRPMS", "db"):
        (top / name).mkdir(parents=True)
    packages = [
        (p, contents(step, p, release, settings)) for p in in_release(step.packages, release)
    ]
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


def _publish(
    out: Path, name: str, rpms: Mapping[ReleaseSet, list[Path]], sets: Sequence[ReleaseSet]
) -> None:
    fresh = out / f".{name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for release in sets:
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
    parser.add_argument("--step", required=True, help="package of the version step")
    parser.add_argument("--out", type=Path, required=True, help="directory of the repositories")
    parser.add_argument("--settings", type=Path, required=True, help="JSON drawn from the seed")
    options = parser.parse_args(argv)
    try:
        settings = json.loads(options.settings.read_text(encoding="utf-8"))
        build_repositories(load(options.step), options.out, settings)
    except (BuildError, OSError, ValueError) as error:
        print(f"repositories not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
