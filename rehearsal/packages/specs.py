"""Spec text: one spec a release set, each rpm a subpackage, so that rpmbuild runs three times."""

from __future__ import annotations

from collections.abc import Sequence

from rehearsal.packages.catalog import Package, ReleaseSet
from rehearsal.packages.contents import Contents


def render_spec(release: ReleaseSet, packages: Sequence[tuple[Package, Contents]]) -> str:
    """The spec of a release set; its sources lie below `%{_sourcedir}/tree`."""
    parts = [_head(release)]
    parts += [_declaration(package, release) for package, _ in packages]
    parts.append("%install\ncp -a %{_sourcedir}/tree/. %{buildroot}/\n")
    parts += [_files(package, contents) for package, contents in packages]
    parts += [
        f"%post -n {package.name}\n{contents.post}"
        for package, contents in packages
        if contents.post
    ]
    return "\n".join(parts)


def _head(release: ReleaseSet) -> str:
    # Debian has no brp scripts of Red Hat, hence no post-install processing.
    return (
        "%define __os_install_post %{nil}\n"
        f"Name: neteye-rehearsal-{release}\n"
        "Version: 1\nRelease: 1\nSummary: Source of the rehearsal's packages\n"
        "License: Proprietary stand-in\nBuildArch: noarch\nAutoReqProv: no\n"
        "\n%description\nStand-in packages of a rehearsal cluster; not NetEye.\n"
    )


def _declaration(package: Package, release: ReleaseSet) -> str:
    full = package.version_release(release)
    if full is None:
        raise ValueError(f"{package.name} is not in the release set '{release}'")
    version, _, number = full.partition("-")
    provides = "".join(f"Provides: {name}\n" for name in package.provides)
    return (
        f"%package -n {package.name}\n"
        f"Version: {version}\nRelease: {number}\nSummary: Stand-in for {package.summary}\n"
        f"AutoReqProv: no\n{provides}"
        f"%description -n {package.name}\n"
        f"Stand-in for {package.summary}, for rehearsals of the upgrade only.\n"
    )


def _files(package: Package, contents: Contents) -> str:
    lines = [f"%files -n {package.name}"]
    for path in sorted(contents.files):
        attributes = f"%attr({contents.modes.get(path, '0644')},root,root) "
        config = "%config(noreplace) " if path in contents.noreplace else ""
        lines.append(attributes + config + path)
    return "\n".join(lines) + "\n"
