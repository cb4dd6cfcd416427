"""Secrets planted wherever a run of the runbook meets one, on the nodes and on the controller."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from rehearsal import podman
from rehearsal.standins.settings import draw_password
from tests.integration.clusters import TestCluster
from tests.secrets.cmdlines import Cmdlines
from tests.secrets.forms import forms_of

_DRAWN = random.Random("planted")
PLANTED = {
    name: draw_password(_DRAWN)
    for name in (
        *("old password of the OCS server", "old password of the REST API", "old password, told"),
        *("old password of GLPI", "my.cnf of root", "proxy of dnf", "a repository", "its address"),
        *("a fence device", "credentials of another", "command of another", "name of a file"),
        *("log of a command", "an option in the log", "environment of the operator", "a session"),
        *("in the inventory", "token of the notifier"),
    )
}
PLANTED["in an option"] = "".join(filter(str.isalnum, draw_password(_DRAWN)))
"""What it is -> the secret; distinctive, with signs that encodings change."""
NOT_HIDDEN = frozenset({"token of the notifier", "command of another"})
"""They stand on a command line because somebody else put them there."""

HERE = "this-machine"
SERVER = "/etc/httpd/conf.d/ocsinventory-server.conf"
RESTAPI = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"
CREDENTIALS = "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials"
GLPI = "/neteye/shared/glpi/conf/config_db.php"
PROFILE = "/etc/profile.d/zz-planted.sh"

# what is put into a file comes by standard input: the sampler is to see nobody's plants
_ABOVE = """
number=$(grep -n -m 1 -- "$2" "$1" | cut -d: -f1)
sed -i "$((number - 1))r /dev/stdin" "$1"
"""
_DIGEST = re.compile(r"[0-9a-f]{32,128}|[0-9A-F]{32,128}")
_APPEND = 'umask 077; cat >> "$1"'


def environment() -> dict[str, str]:
    """The operator's, who keeps passwords in it."""
    return {
        "OCS_DB_PASSWORD": PLANTED["environment of the operator"],
        "SSHPASS": PLANTED["a session"],
    }


def plant(cluster: TestCluster, ocs_password: str) -> None:
    """Into files of the nodes, pacemaker's configuration, and what N's log will have."""
    active = cluster.active
    server = (
        f"  # PerlSetVar OCS_DB_PWD {PLANTED['old password of the OCS server']}\n"
        f"  # old password: {PLANTED['old password, told']}\n"
    )
    _feed(cluster, active, _ABOVE, server, SERVER, "PerlSetVar OCS_DB_PWD")
    api = f"  # $ENV{{OCS_DB_PWD}} = '{PLANTED['old password of the REST API']}';\n"
    _feed(cluster, active, _ABOVE, api, RESTAPI, "ENV{OCS_DB_PWD}")
    glpi = f"//    public $dbpassword = '{quote(PLANTED['old password of GLPI'], safe='')}';\n"
    _feed(cluster, active, _APPEND, glpi, GLPI)
    client = f'[mysqladmin]\nuser = root\npassword = "{PLANTED["my.cnf of root"]}"\n'
    for node in cluster.topology.operative:
        _feed(cluster, node.short, _APPEND, client, "/root/.my.cnf")
    for node in cluster.shorts:
        proxy = f"proxy_username=neteye\nproxy_password={PLANTED['proxy of dnf']}\n"
        _feed(cluster, node, _APPEND, proxy, "/etc/dnf/dnf.conf")
        address = quote(PLANTED["its address"], safe="")
        site = (
            "[site]\nname=packages of the site\nenabled=0\nusername=neteye\n"
            f"password={PLANTED['a repository']}\n"
            f"baseurl=https://neteye:{address}@packages.example.test/\n"
        )
        _feed(cluster, node, _APPEND, site, "/etc/yum.repos.d/site.repo")
    _feed(cluster, active, _APPEND, _profile(ocs_password), PROFILE)
    _fence_password(cluster)


def _profile(ocs_password: str) -> str:
    """A login shell that talks, where the vendor's commands write their log."""
    spoken = {form.decode() for form in forms_of(ocs_password)}
    lines = [
        # nobody can know the digests of others
        *sorted(form for form in spoken if not _DIGEST.fullmatch(form)),
        f"db_password: {PLANTED['log of a command']}",
        f"mysqladmin --password {PLANTED['an option in the log']} ping",
    ]
    text = "\n".join(lines)
    return f"case $PWD in */commands/*) cat <<'END_OF_PLANTED'\n{text}\nEND_OF_PLANTED\n;; esac\n"


def _fence_password(cluster: TestCluster) -> None:
    """As the agents of real fence devices have it, among the parameters in the configuration."""
    script = 'crm_resource -r "$1" --set-parameter passwd --parameter-value "$(cat)"'
    device = f"fence_{cluster.active}"
    _feed(cluster, cluster.active, script, PLANTED["a fence device"], device)


def _feed(cluster: TestCluster, node: str, script: str, text: str, *arguments: str) -> None:
    words = ("bash", "-euc", script, "plant", *arguments)
    podman.podman("exec", "--interactive", cluster.container(node), *words, stdin=text)


@contextmanager
def names_of_files(cluster: TestCluster, ocs_password: str) -> Iterator[None]:
    """Files that somebody has to merge, with a password in their names."""
    names = (quote(ocs_password, safe=""), f"password={quote(PLANTED['name of a file'], safe='')}")
    paths = "".join(f"/etc/httpd/conf.d/{name}.conf.rpmsave\n" for name in names)
    _feed(cluster, cluster.active, 'while read -r path; do : > "$path"; done', paths)
    try:
        yield
    finally:
        # no word of them on a command line
        cluster.shell(cluster.active, "find /etc/httpd/conf.d -name '*.conf.rpmsave' -delete")


@contextmanager
def other_credentials(cluster: TestCluster, variable: str) -> Iterator[None]:
    """The credentials file is there already, with another password."""
    text = f"{variable}={PLANTED['credentials of another']}\n"
    _feed(cluster, cluster.active, 'umask 077; cat > "$1"', text, CREDENTIALS)
    try:
        yield
    finally:
        cluster.run(cluster.active, ("rm", "--", CREDENTIALS))


@contextmanager
def on_command_lines(cluster: TestCluster, cmdlines: Cmdlines) -> Iterator[list[str]]:
    """A secret on a command line of every node and of this machine: where the sampler saw it."""
    password = PLANTED["command of another"]
    script = 'read -r password; exec -a "mysql -uroot -p$password --socket=/$1" cat'
    with ExitStack() as stack:
        for place in (*cluster.shorts, HERE):
            within = () if place == HERE else _within(cluster, place)
            argv = (*within, "bash", "-c", script, "talkative", f"on-{place}")
            stack.enter_context(_running(argv, password))
        yield [
            place
            for place in (*cluster.shorts, HERE)
            if cmdlines.until_seen(f"-p{password} --socket=/on-{place}".encode())
        ]


def _within(cluster: TestCluster, node: str) -> tuple[str, ...]:
    return ("podman", "exec", "--interactive", cluster.container(node))


@contextmanager
def _running(argv: tuple[str, ...], text: str) -> Iterator[None]:
    """A command that gets a line, and ends with its input."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(f"{text}\n".encode())
        process.stdin.flush()
        yield


def wrong_inventories(good: str) -> dict[str, str]:
    """Inventories with a password in them, each in another place."""
    password = PLANTED["in the inventory"]
    plain = PLANTED["in an option"]
    return {
        "a variable of all": f"{good}\n[all:vars]\nansible_password = {password}\n",
        "a host's": good.replace("[elastic_only]", f"[operative]\nn9 ansible_pass='{password}'\n"),
        "a line among hosts": f"{good}\n[operative]\nansible_password='{password}'\n",
        "a login": f"{good}\n[operative]\nn9 ansible_user='root:{password}'\n",
        "a jump host": f"{good}\n[operative]\nn9 ansible_ssh_common_args='-J root:{plain}@b'\n",
        "a proxy": f"{good}\n[operative]\nn9 ansible_ssh_common_args="
        f"\"-o ProxyCommand='sshpass -p{plain} ssh b'\"\n",
    }
