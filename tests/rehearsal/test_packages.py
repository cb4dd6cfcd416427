"""The rehearsal's rpms: catalog, OCS files of both releases, spec text, scriptlets."""

import random
import subprocess
from pathlib import Path

import pytest

from rehearsal.packages import build
from rehearsal.packages.catalog import RELEASE_SETS, ReleaseSet, in_release, packages_for
from rehearsal.packages.contents import BuildError, release_scriptlet
from rehearsal.packages.specs import render_spec
from rehearsal.standins.settings import draw_password
from rehearsal.to_4_26 import STEP, ocs_conf
from rehearsal.to_4_26.catalog import PACKAGES
from rehearsal.to_4_26.contents import (
    TEMPLATE_PACKAGED,
    DebianFiles,
    credentials_template,
    payload,
    read_debian_files,
)

# Our own miniature of the packaged files: the same directives, placeholders and comments in kind.
SERVER = """\
# a comment
<IfModule mod_perl.c>
  PerlSetEnv OCS_DB_HOST localhost
  PerlSetEnv OCS_DB_NAME ocsweb
  PerlSetEnv OCS_DB_LOCAL ocsweb
  PerlSetEnv OCS_DB_USER ocs
  PerlSetVar OCS_DB_PWD ocs

  # PerlSetVar OCS_DB_SL_PWD ocs
\tPerlAddVar OCS_OPT_TRUSTED_IP 127.0.0.1
  PerlSetEnv OCS_OPT_SESSION_VALIDITY_TIME 600
  AuthUserFile "APACHE_AUTH_USER_FILE"
</IfModule>
"""
RESTAPI = """\
PerlOptions +Parent

<Perl>
  $ENV{MOJO_HOME} = 'REST_API_PATH';
  $ENV{OCS_DB_HOST} = 'localhost';
  $ENV{OCS_DB_LOCAL} = 'ocsweb';
  $ENV{OCS_DB_USER} = 'ocs';
  $ENV{OCS_DB_PWD} = 'ocs';
#  $ENV{OCS_DB_SSL_CLIENT_KEY} = '';
</Perl>

<Location /ocsapi>
  PerlSetVar psgi_app 'REST_API_LOADER_PATH'
</Location>
"""
SERVER_PACKAGE = "ocsinventory-server"
DEBIAN = DebianFiles(SERVER, RESTAPI, {"7051.sql": "SELECT 1;\n"})
SETTINGS = STEP.draw(7, {"settings": {"credentials_variable": "OCS_SECRET"}})


def test_every_release_set_has_distinct_versions_that_only_rise() -> None:
    for package in PACKAGES:
        assert package.base != package.updates, package.name
        assert package.updates is None or package.updates > package.base, package.name


def test_every_role_has_pending_updates_in_the_base_installation() -> None:
    updated = {package.name for package in in_release(PACKAGES, "updates")}
    for role in ("operative", "elastic_only", "voting_only"):
        assert updated & set(packages_for(PACKAGES, role)), role


def test_everything_but_the_operating_system_is_newer_in_the_target() -> None:
    same = [p.name for p in in_release(PACKAGES, "target") if p.target == p.base]
    assert same == ["rehearsal-os"]


def test_asset_packages_are_left_out_where_the_module_is_not_installed() -> None:
    assert "ocsinventory-server" in packages_for(PACKAGES, "operative")
    assert "ocsinventory-server" not in packages_for(PACKAGES, "operative", ("asset",))
    assert not any(name.startswith("ocs") for name in packages_for(PACKAGES, "elastic_only"))


@pytest.mark.parametrize("quoted", [True, False])
def test_source_server_file_has_the_literal_password_once(quoted: bool) -> None:
    text = ocs_conf.server_conf_source(SERVER, quoted=quoted)
    expected = '"changeme"' if quoted else "changeme"
    assert f"  PerlSetVar OCS_DB_PWD {expected}\n" in text
    assert "PerlSetEnv OCS_DB_HOST mariadb.neteyelocal" in text
    assert "PerlSetEnv OCS_DB_USER ocsserver" in text
    assert "a comment" not in text
    assert "APACHE_AUTH_USER_FILE" not in text


def test_target_files_take_the_password_from_the_environment() -> None:
    server = ocs_conf.server_conf_target(SERVER, "OCS_SECRET")
    restapi = ocs_conf.restapi_conf_target(RESTAPI, "OCS_SECRET")
    assert '  PerlSetVar OCS_DB_PWD "${OCS_SECRET}"\n' in server
    assert "changeme" not in server + restapi
    # mod_perl's %ENV has the variable only when PerlPassEnv stands before the block
    assert restapi.index("PerlPassEnv OCS_SECRET") < restapi.index("<Perl>")
    assert "  $ENV{OCS_DB_PWD} = $ENV{OCS_SECRET};\n" in restapi


def test_target_files_bring_something_new_besides_the_password() -> None:
    old = set(ocs_conf.server_conf_source(SERVER, quoted=False).splitlines())
    new = set(ocs_conf.server_conf_target(SERVER, "X").splitlines())
    assert "  PerlSetEnv OCS_DB_SSL_ENABLED 0" in new - old
    assert "Require ip 127.0.0.1" in ocs_conf.restapi_conf_target(RESTAPI, "X")


def test_a_directive_that_is_not_there_is_named() -> None:
    with pytest.raises(ocs_conf.ConfigurationError, match="OCS_DB_PWD: found 0 times"):
        ocs_conf.server_conf_source(SERVER.replace("OCS_DB_PWD", "OTHER"), quoted=True)


@pytest.mark.parametrize("quoted", [True, False])
def test_a_nodes_password_is_put_in_literally(quoted: bool) -> None:
    password = r"a#$1%&\g<0>b".replace("\\", "")
    text = ocs_conf.server_conf_source(SERVER, quoted=quoted)
    edited = ocs_conf.set_server_password(text, password)
    shown = f'"{password}"' if quoted else password
    assert f"  PerlSetVar OCS_DB_PWD {shown}\n" in edited
    restapi = ocs_conf.set_restapi_password(ocs_conf.restapi_conf_source(RESTAPI), password)
    assert f"  $ENV{{OCS_DB_PWD}} = '{password}';\n" in restapi


def test_drawn_passwords_are_legal_in_every_syntax_they_meet() -> None:
    generator = random.Random(1)
    for _ in range(500):
        password = draw_password(generator)
        assert not set(password) & set("'\"\\ \n{}`"), password
        assert password[0].isalpha(), password
        assert password[-1].isalnum(), password


@pytest.mark.parametrize("release", RELEASE_SETS)
def test_spec_names_each_package_with_its_version(
    release: ReleaseSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rehearsal.to_4_26.contents.read_debian_files", lambda: DEBIAN)
    packages = [
        (p, build.contents(STEP, p, release, SETTINGS)) for p in in_release(PACKAGES, release)
    ]
    spec = render_spec(release, packages)
    assert spec.count("%package -n ") == len(packages)
    assert spec.count("%config(noreplace) /etc/httpd/conf.d/ocsinventory-server") == 2
    assert "BuildArch: noarch" in spec


def test_configuration_is_the_same_in_base_and_updates() -> None:
    sets: tuple[ReleaseSet, ...] = ("base", "updates")
    base, updates = (payload(SERVER_PACKAGE, r, SETTINGS, DEBIAN).files for r in sets)
    assert base[ocs_conf.SERVER_CONF] == updates[ocs_conf.SERVER_CONF]
    assert base[ocs_conf.RESTAPI_CONF] == updates[ocs_conf.RESTAPI_CONF]


def test_target_brings_the_template_and_copies_it_where_httpd_is_mounted() -> None:
    target = payload(SERVER_PACKAGE, "target", SETTINGS, DEBIAN)
    assert target.files[TEMPLATE_PACKAGED] == credentials_template(SETTINGS)
    assert "mountpoint -q /neteye/shared/httpd" in target.post
    assert TEMPLATE_PACKAGED not in payload(SERVER_PACKAGE, "base", SETTINGS, DEBIAN).files


def test_template_has_exactly_one_line_that_is_no_comment() -> None:
    lines = [ln for ln in credentials_template(SETTINGS).splitlines() if not ln.startswith("#")]
    assert len(lines) == 1
    assert lines[0].startswith("OCS_SECRET=")


@pytest.mark.parametrize(
    ("release_file", "after_upgrade"), [("packages", "4.26"), ("finalise", "4.25")]
)
def test_release_scriptlet_obeys_the_seed(
    tmp_path: Path, release_file: str, after_upgrade: str
) -> None:
    settings = STEP.draw(
        1, {"settings": {"release_file": release_file, "release_suffix": " (stable)"}}
    )

    def install(release: str, count: int) -> None:
        script = release_scriptlet(release, settings)
        here = script.replace("/etc/", f"{tmp_path}/").replace("/var/lib/neteye", f"{tmp_path}/n")
        subprocess.run(["sh", "-eu", "-c", here, "sh", str(count)], check=True)

    install("base", 1)
    install("updates", 2)
    assert (tmp_path / "neteye-release").read_text() == "NetEye release 4.25 (stable)\n"
    install("target", 2)
    assert (tmp_path / "neteye-release").read_text().startswith(f"NetEye release {after_upgrade}")
    assert (tmp_path / "n/finalised-release").read_text() == "4.25\n"


def test_missing_debian_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="Debian's package ocsinventory-server"):
        read_debian_files(tmp_path)
