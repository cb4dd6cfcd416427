"""Scenarios of httpd's two OCS files, the credentials file and leftovers. Data, no code."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.scenario import NodeStep
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.to_4_26.versions import SOURCE
from rehearsal.topology import Role

_SERVER = "/etc/httpd/conf.d/ocsinventory-server.conf"
_RESTAPI = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"
_UNIT = "/etc/systemd/system/httpd.service"
_CREDENTIALS = "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials"


def _edit(script: str, *files: str, where: int | Role = Role.OPERATIVE) -> NodeStep:
    """A node's own files are edited before the start."""
    return NodeStep(where, ("sed", "-i", script, *files))


def _password(name: str, perl: str, apache: str, description: str) -> Scenario:
    """The same password in both files of all nodes, in the syntax of each."""
    return Scenario(
        f"password-{name}",
        description,
        installed=SOURCE,
        before_start=(
            _edit(f"s|^\\(.*ENV{{OCS_DB_PWD}} *= *\\).*|\\1{perl};|", _RESTAPI),
            _edit(f"s|^\\( *PerlSetVar OCS_DB_PWD\\) .*|\\1 {apache}|", _SERVER),
        ),
    )


def _packaged(name: str, description: str, **settings: str) -> Scenario:
    return Scenario(name, description, installed=SOURCE, settings=settings)


# where httpd runs its shared directory is mounted; `jq` prints the line of the file
_LAY_DOWN = f"""
mountpoint -q /neteye/shared/httpd || exit 0
umask 077
jq -r "$1" /etc/neteye-rehearsal/settings.json > {_CREDENTIALS}
"""


def _credentials(expression: str) -> NodeStep:
    """A credentials file is there before the upgrade."""
    return NodeStep(Role.OPERATIVE, ("sh", "-euc", _LAY_DOWN, "lay-down", expression))


_SAME = '.credentials_variable + "=" + .passwords.ocsserver'
_OTHER = '.credentials_variable + "=" + .passwords.glpi'


def _meanwhile(
    on: str, *argv: str, command: str = "upgrade", task: str = "packages"
) -> Mapping[str, object]:
    entry = {"command": command, "task": task, "on": on, "argv": list(argv)}
    return {"meanwhile": [entry]}


def _left(where: str, path: str, description: str, **more: str) -> Scenario:
    """A package leaves a file for a person to migrate; `where` as the setting `meanwhile` has it"""
    command = more.get("command", "upgrade")
    kind = path.rpartition(".")[2]
    return Scenario(
        f"{kind}-in-{command}-{where.replace('_', '-')}",
        description,
        installed=f"{SOURCE}-base" if command == "update" else SOURCE,
        settings=_meanwhile(where, "install", "-m", "644", "/etc/hosts", path, command=command),
    )


def _httpd(name: str, description: str, *steps: NodeStep) -> Scenario:
    return Scenario(name, description, installed=SOURCE, before_start=steps)


def _conf(text: str) -> NodeStep:
    """A file of the site, read after OCS's own."""
    script = 'printf "%s\\n" "$1" > /etc/httpd/conf.d/zz-site.conf'
    return NodeStep(Role.OPERATIVE, ("sh", "-euc", script, "conf", text))


# where the database runs
_OTHER_IN_DATABASE = """
mountpoint -q /neteye/shared/mysql || exit 0
for host in % localhost; do
  mysql --execute "ALTER USER 'ocsserver'@'$host' IDENTIFIED BY 'another'"
done
"""
_LOGIN_IN_FRONT = """<Location /ocsinventory>
  AuthType Basic
  AuthName agents
  AuthUserFile /etc/httpd/conf/agents.htpasswd
  Require valid-user
</Location>"""
_NOT_OURS = """<Location /ocsinventory>
  SetHandler none
</Location>"""
_API_DENIED = """<Location /ocsapi>
  Require all denied
</Location>"""
_API_ELSEWHERE = """LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
Redirect temp /ocsapi http://api.example.test:8099/ocsapi"""
_MODULE = "LoadModule authz_host_module"

# each time httpd has started, this program runs; the age of a process is told in whole seconds
_AT_START = r"""
mkdir -p "${1%/*}"
printf '[Service]\nExecStartPost=-/usr/local/sbin/%s\n' "$2" > "$1"
printf '#!/bin/sh\nsleep 2\n%s\n' "$3" > "/usr/local/sbin/$2"
chmod 755 "/usr/local/sbin/$2"
"""


def _at_start(name: str, script: str) -> NodeStep:
    arguments = (f"{_UNIT}.d/{name}.conf", name, script)
    return NodeStep(Role.OPERATIVE, ("sh", "-euc", _AT_START, "at-start", *arguments))


# the database refuses its user for a moment, and an agent comes
_REFUSED = r"""
login() {
  for host in % localhost; do
    mysql --execute "ALTER USER 'ocsserver'@'$host' ACCOUNT $1" || return
  done
}
login LOCK || exit 0
curl --silent --output /dev/null http://127.0.0.1/ocsinventory
login UNLOCK
"""
# a real inventory, packed as agents pack it
AN_AGENT = """
python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.argv[1].encode()))' \\
  "<?xml version='1.0' encoding='UTF-8'?><REQUEST>
<DEVICEID>$(hostname)-2026-01-01-00-00-00</DEVICEID>
<QUERY>INVENTORY</QUERY><CONTENT><HARDWARE><NAME>$(hostname)</NAME><CHECKSUM>262143</CHECKSUM>
</HARDWARE><BIOS><SSN>1</SSN></BIOS><MEMORIES><CAPACITY>8192</CAPACITY><NUMSLOTS>1</NUMSLOTS>
</MEMORIES></CONTENT></REQUEST>" \\
  | curl --silent --output /dev/null --user-agent OCS-NG_unified_unix_agent_v2.10.0 \\
    --data-binary @- http://127.0.0.1/ocsinventory
"""
# as after an upgrade that has left a table behind; where the database runs
_COLUMN = """
[ -S /run/mysqld/mysqld.sock ] || exit 0
mysql --execute "ALTER TABLE ocsweb.bios CHANGE SSN SSN_BEFORE VARCHAR(255)"
"""
_COLUMN_AWAY = NodeStep(Role.OPERATIVE, ("sh", "-euc", _COLUMN, "column"))
_PARSER = 'for file in /usr/lib/*/perl5/*/XML/Parser.pm; do mv "$file" "$file.away"; done'

ALL = (
    _password(
        "with-quote", "'pass\"word'", "'pass\"word'", "the OCS password has a double quote in it"
    ),
    _password(
        "with-backslash",
        "'pass\\\\\\\\word'",
        '"pass\\\\\\\\word"',
        "the OCS password has a backslash in it",
    ),
    _password("with-blank", "'pass word'", '"pass word"', "the OCS password has a blank in it"),
    Scenario(
        "password-refused",
        "the database refuses the OCS password that is in all files",
        installed=SOURCE,
        after_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _OTHER_IN_DATABASE)),),
    ),
    Scenario(
        "password-per-file",
        "the two OCS files of node 1 have different passwords",
        installed=SOURCE,
        before_start=(_edit(r"s|^\( *PerlSetVar OCS_DB_PWD\) .*|\1 another|", _SERVER, where=1),),
    ),
    Scenario(
        "password-computed",
        "node 2 has the OCS password from a Perl expression",
        installed=SOURCE,
        before_start=(
            _edit(r"s|^\(.*ENV{OCS_DB_PWD} *= *\).*|\1join('', 'se', 'cret');|", _RESTAPI, where=2),
        ),
    ),
    _packaged(
        "template-two-variables",
        "the template of the credentials file sets two variables",
        template_variables="two",
    ),
    _packaged(
        "template-other-variable",
        "the template sets another variable than the new httpd files refer to",
        template_variables="other",
    ),
    Scenario(
        "template-missing",
        "the packages bring no template, and a credentials file is there already",
        installed=SOURCE,
        settings={"template_variables": "no-template"},
        after_start=(_credentials(_SAME),),
    ),
    _packaged(
        "rpmnew-literal-password",
        "the new httpd files still have a literal password",
        target_password="literal",
    ),
    Scenario(
        "merge-question-one-node",
        "node 2 has Perl code of its own in an OCS file: its merge is a question",
        installed=SOURCE,
        before_start=(
            _edit(
                r"s|^</Perl>|unless (-e '/etc/x') { $ENV{OCS_DB_PORT} = 3307; }\n&|",
                _RESTAPI,
                where=2,
            ),
        ),
    ),
    Scenario(
        "credentials-same",
        "the credentials file is there already, with the password in use",
        installed=SOURCE,
        after_start=(_credentials(_SAME),),
    ),
    Scenario(
        "credentials-other",
        "the credentials file is there already, with another password",
        installed=SOURCE,
        after_start=(_credentials(_OTHER),),
    ),
    Scenario(
        "credentials-removed",
        "the credentials file is removed between two rounds",
        installed=SOURCE,
        settings=_meanwhile("active", "rm", "-f", _CREDENTIALS, task="secure_install"),
    ),
    Scenario(
        "ocs-password-changed",
        "the password of the database user ocsserver is changed between two rounds",
        installed=SOURCE,
        settings=_meanwhile(
            "active",
            *("mysql", "--execute"),
            "ALTER USER 'ocsserver'@'%' IDENTIFIED BY 'changed',"
            " 'ocsserver'@'localhost' IDENTIFIED BY 'changed'",
            task="secure_install",
        ),
    ),
    _httpd(
        "httpd-without-credentials",
        "httpd's unit does not read the credentials file",
        _edit("/^EnvironmentFile/d", _UNIT),
    ),
    _httpd(
        "httpd-login-in-front",
        "a login stands before the address of the agents, and nobody can log in",
        _conf(_LOGIN_IN_FRONT),
        NodeStep(Role.OPERATIVE, ("touch", "/etc/httpd/conf/agents.htpasswd")),
    ),
    _httpd(
        "httpd-other-handler", "requests of agents do not reach the OCS server", _conf(_NOT_OURS)
    ),
    _httpd(
        "httpd-loopback-only",
        "httpd listens on the loopback address only",
        _edit("s/^Listen 80$/Listen 127.0.0.1:80/", "/etc/httpd/conf/httpd.conf"),
    ),
    _httpd("httpd-api-denied", "httpd lets nobody ask the REST API", _conf(_API_DENIED)),
    _httpd(
        "httpd-api-elsewhere",
        "the REST API is redirected to a port at which nothing listens",
        _conf(_API_ELSEWHERE),
    ),
    _httpd(
        "httpd-agent-turned-away",
        "an agent is turned away after httpd has started: the database was away for a moment",
        _at_start("refused", _REFUSED),
    ),
    _httpd(
        "httpd-posts-fail",
        "Perl lacks a module: the OCS server answers GET, and every POST with 500",
        NodeStep(Role.OPERATIVE, ("sh", "-euc", _PARSER)),
    ),
    Scenario(
        "agent-can-t-store",
        "an agent sends an inventory after httpd has started, and a table is not as the server"
        " wants it: 500",
        installed=SOURCE,
        before_start=(_at_start("agent", AN_AGENT),),
        after_start=(_COLUMN_AWAY,),
    ),
    Scenario(
        "agent-could-not-store-before",
        "the same, and so it was before the upgrade already",
        installed=SOURCE,
        before_start=(_at_start("agent", AN_AGENT),),
        sql=("ALTER TABLE ocsweb.bios CHANGE SSN SSN_BEFORE VARCHAR(255)",),
    ),
    _httpd(
        "httpd-without-access-log",
        "httpd writes no access log",
        _edit("/^CustomLog /d", "/etc/httpd/conf/httpd.conf"),
    ),
    _httpd(
        "httpd-module-missing",
        "httpd does not load a module that the new OCS files need",
        _edit(f"s/^{_MODULE}/#&/", "/etc/httpd/conf/httpd.conf"),
    ),
    Scenario(
        "ocs-file-spoilt-other",
        "an OCS file of the other nodes gets a literal password again between two rounds",
        installed=SOURCE,
        settings=_meanwhile(
            "other",
            *("sed", "-i", r"s|^\( *PerlSetVar OCS_DB_PWD\) .*|\1 of-before|", _SERVER),
            task="secure_install",
        ),
    ),
    _left(
        "other",
        "/etc/logrotate.d/foreign.rpmnew",
        "`neteye update` leaves a foreign .rpmnew on the other operative nodes",
        command="update",
    ),
    _left(
        "other",
        "/etc/logrotate.d/foreign.rpmnew",
        "`neteye upgrade` leaves a foreign .rpmnew on the other operative nodes",
    ),
    _left(
        "elastic_only",
        "/etc/logrotate.d/foreign.rpmnew",
        "`neteye upgrade` leaves a foreign .rpmnew on the Elastic-only nodes",
    ),
    _left(
        "voting_only",
        "/etc/logrotate.d/foreign.rpmnew",
        "`neteye upgrade` leaves a foreign .rpmnew on the voting-only node",
    ),
    _left(
        "active",
        "/etc/logrotate.d/foreign.rpmsave",
        "`neteye upgrade` leaves an .rpmsave on N",
    ),
    _left(
        "active",
        "/etc/logrotate.d/foreign.rpmorig",
        "`neteye upgrade` puts a file of the site aside as .rpmorig on N",
    ),
    Scenario(
        "rpmnew-link-in-upgrade-other",
        "`neteye upgrade` leaves an .rpmnew that is a link, and leads nowhere, on the other nodes",
        installed=SOURCE,
        settings=_meanwhile(
            "other", "ln", "-sfn", "/usr/lib/nowhere", "/etc/logrotate.d/foreign.rpmnew"
        ),
    ),
)
