"""What a person does after a run has turned red: each the way that the finding's remedy names."""

from __future__ import annotations

from rehearsal.to_4_26 import STEP
from tests.findings.lab import Lab

CREDENTIALS = "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials"
CONF = "/etc/httpd/conf.d"
_TABLE = "glpi.glpi_plugin_ocsinventoryng_ocsservers"
_SECURE_INSTALL = "/usr/sbin/neteye_secure_install"
_ANY = "glpi_ocsinventoryng"


def remedy_followed(lab: Lab) -> None:
    """The commands that the finding prints, run to the letter."""
    lab.follow_remedies()


def _printed_too(lab: Lab) -> None:
    """The commands, where the finding of this case prints some."""
    if lab.printed:
        lab.follow_remedies()


# memories


def restored_and_converted(lab: Lab) -> None:
    """The backup put back by the report's line, neteye_secure_install run again, rightly."""
    command = lab.noted(r"restore it on the node that runs the database with: (.+)")
    lab.cluster.shell(lab.cluster.node_of("mariadb"), command)
    assert lab.column_type() == "varchar", "the backup did not bring the text back"
    lab.set(capacity_conversion="cleaned")
    lab.on_active(_SECURE_INSTALL)


def converted(lab: Lab) -> None:
    """neteye_secure_install run again, rightly."""
    lab.set(capacity_conversion="cleaned")
    lab.on_active(_SECURE_INSTALL)


def values_cleaned(lab: Lab) -> None:
    """The values that are no integers set to NULL by hand, as the guide describes."""
    lab.cluster.sql(
        "UPDATE ocsweb.memories SET CAPACITY = NULL WHERE CAPACITY IS NOT NULL AND NOT"
        " (CAPACITY <> '' AND CAPACITY NOT REGEXP '[^0-9]'"
        " AND CAST(CAPACITY AS DECIMAL(65,0)) <= 2147483647)"
    )


def converted_by_hand(lab: Lab) -> None:
    """Values cleaned and the column changed by service and support: no package does it."""
    values_cleaned(lab)
    lab.cluster.sql("ALTER TABLE ocsweb.memories MODIFY CAPACITY INT NULL DEFAULT NULL")


def text_column_again(lab: Lab) -> None:
    """The column as OCS has it, by service and support."""
    add = "ADD CAPACITY VARCHAR(255) NULL"
    change = "MODIFY CAPACITY VARCHAR(255) NULL"
    lab.cluster.sql(f"ALTER TABLE ocsweb.memories {change if lab.column_type() else add}")


def memories_table_back(lab: Lab) -> None:
    """The table brought back as it was, with service and support."""
    lab.cluster.sql(
        "DROP VIEW IF EXISTS ocsweb.memories; RENAME TABLE ocsweb.memories_away TO ocsweb.memories"
    )


def ocs_database_corrected(lab: Lab) -> None:
    """OCS_DB_NAME corrected in the file of that node."""
    lab.on_operative(
        r'sed -i "s|^\( *PerlSetEnv OCS_DB_NAME\) [^\r]*|\1 ocsweb|" "$1"',
        f"{CONF}/ocsinventory-server.conf",
    )


def backup_fetched_back(lab: Lab) -> None:
    """The file named in the report put back from the controller's copy."""
    assert lab.first is not None
    directory = lab.first.directory
    assert directory is not None
    path = lab.noted(r"gzip -dc (\S+) \|")
    copies = sorted(directory.parent.glob("*/backups/ocsweb.memories.sql.gz"))
    lab.put_file(copies[0], path)


def shims_removed(lab: Lab) -> None:
    """The program that went wrong replaced."""
    names = sorted({step.argv[4] for step in STEP.scenario(lab.case.scenario).before_start})
    lab.on_operative(_REMOVE_SHIMS, *names)


_REMOVE_SHIMS = """
for name in "$@"; do
  path=/usr/local/sbin/$name
  if [ -e "$path.behind" ]; then mv "$path.behind" "$path"; else rm -f "$path"; fi
done
"""


def copy_removed(lab: Lab) -> None:
    """The local copy removed, and N hands out the file as it is."""
    lab.follow_remedies()
    shims_removed(lab)


# GLPI


def password_reset(lab: Lab) -> None:
    """neteye_secure_install run again by service and support: it resets the password."""
    lab.set(glpi_reset="done", meanwhile=[])
    lab.cluster.sql(f"UPDATE {_TABLE} SET ocs_db_passwd = '' WHERE ocs_db_user = '{_ANY}'")
    lab.on_active(_SECURE_INSTALL)


def key_back(lab: Lab) -> None:
    """GLPI's key put back."""
    node = lab.cluster.node_of("glpi")
    lab.cluster.shell(node, 'mv "$1.away" "$1"', "/neteye/shared/glpi/conf/glpicrypt.key")


def second_key_removed(lab: Lab) -> None:
    """The key that is not GLPI's removed."""
    node = lab.cluster.node_of("glpi")
    lab.cluster.run(node, ("rm", "-r", "/neteye/shared/glpi/before"))


def host_corrected(lab: Lab) -> None:
    """The server's address corrected in GLPI."""
    lab.cluster.sql(f"UPDATE {_TABLE} SET ocs_db_host = 'mariadb.neteyelocal'")


def plugin_enabled(lab: Lab) -> None:
    """The plugin updated and enabled in GLPI."""
    lab.cluster.sql(
        "UPDATE glpi.glpi_plugins SET version = '1.7.3', state = 1"
        " WHERE directory = 'ocsinventoryng'"
    )


def custom_server_removed(lab: Lab) -> None:
    """The server taken out of GLPI, after a call to the official channels."""
    lab.cluster.sql(f"DELETE FROM {_TABLE} WHERE name = 'branch office'")


def table_back(lab: Lab) -> None:
    """The plugin's table brought back by service and support."""
    lab.cluster.sql(f"RENAME TABLE {_TABLE}_away TO {_TABLE}")


def servers_looked_at_there(lab: Lab) -> None:
    """The finding accepted, after a look at the OCS servers in that database."""
    reason = "glpi-database-elsewhere=no other OCS server there"
    lab.answers += ["--accept", reason, "--by", "A. Operator"]


def glpi_config_named(lab: Lab) -> None:
    """GLPI's configuration named in the inventory (`runbook_glpi_config`)."""
    lab.give(runbook_glpi_config="/neteye/shared/glpi/conf")


# httpd and the credentials file


def same_password_everywhere(lab: Lab) -> None:
    """One plain password in the database and in both files of all nodes, httpd restarted."""
    passwords = lab.setting("passwords")
    for node in lab.cluster.topology.operative:
        lab.cluster.shell(
            node.short,
            r"""sed -i "s|^\(.*ENV{OCS_DB_PWD} *= *\).*|\1'plain';|" "$1"
            sed -i 's|^\( *PerlSetVar OCS_DB_PWD\) .*|\1 plain|' "$2" """,
            f"{CONF}/ocsinventory-server-restapi.conf",
            f"{CONF}/ocsinventory-server.conf",
        )
    assert passwords["ocsserver"] != "plain"
    for host in ("%", "localhost"):
        lab.cluster.sql(f"ALTER USER 'ocsserver'@'{host}' IDENTIFIED BY 'plain'")
    lab.follow_remedies()


def template_corrected(lab: Lab) -> None:
    """The template corrected to the one variable that the new files refer to."""
    variable = lab.setting("credentials_variable")
    packaged = "/usr/share/neteye/ocsinventory-server/ocsinventory-credentials.tpl"
    lab.on_operative(
        'mkdir -p "$(dirname "$2")"; printf "%s=\\n" "$1" > "$2"; chmod 600 "$2"',
        variable,
        packaged,
    )
    lab.on_active('install -m 600 "$1" "$2.tpl"', packaged, CREDENTIALS)


def migrated_by_hand(lab: Lab) -> None:
    """Credentials file and both files written by hand on every node, as the guide says."""
    variable, password = lab.setting("credentials_variable"), lab.setting("passwords")["ocsserver"]
    lab.cluster.write(lab.cluster.active, CREDENTIALS, f"{variable}='{password}'\n")
    lab.on_active('chmod 600 "$1"', CREDENTIALS)
    lab.on_operative(_BY_HAND, variable, CONF)


_BY_HAND = r"""
variable=$1 directory=$2
for name in ocsinventory-server ocsinventory-server-restapi; do
  file=$directory/$name.conf
  [ -e "$file.rpmnew" ] || continue
  cp -a "$file" "$file.$(date +%d%m%Y).bak"
  cat "$file.rpmnew" > "$file"
  rm "$file.rpmnew"
done
server=$directory/ocsinventory-server.conf
sed -i "s|^\( *PerlSetVar OCS_DB_PWD\) .*|\1 \"\${$variable}\"|" "$server"
restapi=$directory/ocsinventory-server-restapi.conf
sed -i "s|^\(.*ENV{OCS_DB_PWD} *= *\).*|\1\$ENV{$variable};|" "$restapi"
grep -q "^PerlPassEnv $variable" "$restapi" \
  || sed -i "s|^<Perl>|PerlPassEnv $variable\n&|" "$restapi"
"""


def other_file_migrated_by_hand(lab: Lab) -> None:
    """The file of that node merged by hand, its .rpmnew removed."""
    lab.cluster.shell(lab.cluster.other, _BY_HAND, lab.setting("credentials_variable"), CONF)


def credentials_removed(lab: Lab) -> None:
    """The file that nobody knows removed."""
    lab.on_active('rm "$1"', CREDENTIALS)


def credentials_written(lab: Lab) -> None:
    """The credentials file written as the guide says, httpd restarted."""
    variable, password = lab.setting("credentials_variable"), lab.setting("passwords")["ocsserver"]
    lab.cluster.write(lab.cluster.active, CREDENTIALS, f"{variable}='{password}'\n")
    lab.on_active('chmod 600 "$1"', CREDENTIALS)
    lab.follow_remedies()


def database_password_back(lab: Lab) -> None:
    """The password in the database made that of the credentials file."""
    password = lab.setting("passwords")["ocsserver"]
    for host in ("%", "localhost"):
        lab.cluster.sql(f"ALTER USER 'ocsserver'@'{host}' IDENTIFIED BY '{password}'")
    _printed_too(lab)


def unit_reads_credentials(lab: Lab) -> None:
    """httpd's unit reads the credentials file again, httpd restarted."""
    unit = "/etc/systemd/system/httpd.service"
    lab.on_operative(
        'sed -i "s|^RuntimeDirectory=.*|&\\nEnvironmentFile=-$1|" "$2"; systemctl daemon-reload',
        CREDENTIALS,
        unit,
    )
    lab.follow_remedies()


def site_conf_removed(lab: Lab) -> None:
    """The site's own file of httpd removed, httpd restarted."""
    lab.on_operative('rm -f "$1/zz-site.conf"', CONF)
    lab.follow_remedies()


def database_there_at_start(lab: Lab) -> None:
    """The database is there when httpd starts, httpd restarted."""
    lab.on_operative(
        'rm "$1"; systemctl daemon-reload', "/etc/systemd/system/httpd.service.d/refused.conf"
    )
    lab.follow_remedies()


def perl_module_back(lab: Lab) -> None:
    """The Perl module installed again, httpd restarted."""
    lab.on_operative(
        'for file in /usr/lib/*/perl5/*/XML/Parser.pm.away; do mv "$file" "${file%.away}"; done'
    )
    lab.follow_remedies()


def column_back(lab: Lab) -> None:
    """The column named as the server wants it, httpd restarted."""
    lab.cluster.sql("ALTER TABLE ocsweb.bios CHANGE SSN_BEFORE SSN VARCHAR(255)")
    lab.follow_remedies()


def module_loaded(lab: Lab) -> None:
    """httpd loads the module that the merged file needs."""
    lab.on_operative(
        'sed -i "s/^#\\(LoadModule authz_host_module\\)/\\1/" /etc/httpd/conf/httpd.conf'
    )
    lab.follow_remedies()


def listening_everywhere(lab: Lab) -> None:
    """httpd listens on its address again, and is restarted."""
    lab.on_operative('sed -i "s/^Listen 127.0.0.1:80/Listen 80/" /etc/httpd/conf/httpd.conf')
    lab.follow_remedies()


def leftover_migrated(lab: Lab) -> None:
    """The file compared, migrated and removed."""
    for node in lab.cluster.shorts:
        lab.cluster.shell(node, "rm -f /etc/logrotate.d/foreign.rpm*")


# packages


def excludes_removed(lab: Lab) -> None:
    """The exclude taken out of dnf's files on every node."""
    for node in lab.cluster.shorts:
        lab.cluster.shell(node, "sed -i '/^exclude=/d' /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo")


def nothing_waits(lab: Lab) -> None:
    """The prepared update given up."""
    lab.on_active("rm /system-update")


def package_taken_again(lab: Lab) -> None:
    """The package taken again from the repository that has it now."""
    lab.on_operative(
        ". /etc/profile.d/neteye-DNF.sh; dnf -q -y --enablerepo=neteye reinstall neteye-scripts"
    )
