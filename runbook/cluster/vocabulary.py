"""What is the vendor's own in every cluster: names that a snapshot keeps (docs/snapshot.md).

Whatever is not here is replaced, so a name too few costs a twin some likeness, and one too many
could name a customer. Services, packages and paths as the domain facts have them (1.1 to 1.6, 6).
"""

from __future__ import annotations

from engine.snapshot.names import Vocabulary

SERVICES = (
    *("cluster_ip", "mariadb", "mysql", "httpd", "nats-server", "icinga2-master", "icinga2"),
    *("icingaweb2", "icinga-director", "influxdb", "grafana-server", "grafana", "rsyslog"),
    *("tornado", "tornado_icinga2_collector", "tornado_email_collector", "tornado_nats"),
    *("tornado_webhook_collector", "snmptrapd", "redis", "elasticsearch", "logstash", "kibana"),
    *("elastalert", "elastic-blockchain-proxy", "filebeat", "beats", "slmd", "ntopng", "nprobe"),
    *("geomap", "nagvis", "alyvix", "telegraf", "eventhandlerd", "lampo", "neteye", "keycloak"),
    *("postgresql", "assetmanagement", "vmd", "lampod", "safed", "sahi", "drbd"),
)
ENDS = (
    "_group",
    "_drbd_fs",
    "_virt_ip",
    "_fs",
    "_ip",
    "-clone",
    "-master",
    "_ms",
    "_drbd",
    ".service",
)
"""What the product adds to a service's name for its group, file system, address and the like."""
PACKAGES = (
    *("neteye", "neteye-setup", "neteye-scripts", "neteye-httpd", "neteye-mariadb-conf"),
    *("neteye-elastic-only", "neteye-voting-only", "tornado", "icinga2-neteye", "icingaweb2"),
    *("nats-server-neteye", "elasticsearch-neteye", "kibana-neteye", "logstash-neteye"),
    *("filebeat-neteye", "grafana-neteye", "influxdb-neteye", "elastalert-neteye", "slmd"),
    *("ntopng-neteye", "nprobe-neteye", "keycloak-neteye", "rehearsal-os", "neteye-*"),
    *("kernel", "kernel-core", "kernel-modules", "kmod-drbd90", "drbd90-utils", "drbd-utils"),
    *("pacemaker", "pacemaker-cli", "pacemaker-libs", "corosync", "corosync-qdevice", "pcs"),
    *("mariadb", "mariadb-server", "MariaDB-server", "MariaDB-client", "httpd", "httpd-tools"),
    *("mod_perl", "mod_ssl", "dnf", "systemd", "openssh-server", "sudo", "rpm"),
    *("resource-agents", "fence-agents-common", "fence-agents-ipmilan", "fence-agents-vmware"),
    *("*", "kernel*", "kernel-*", "mariadb*", "MariaDB*", "elasticsearch*", "glibc*", "php*"),
)
"""By their whole names; those with a `*` are patterns, as rules of dnf have them."""
PATHS = (
    *("/", "/boot", "/boot/efi", "/var", "/var/log", "/var/lib", "/var/lib/containers", "/tmp"),
    *("/home", "/opt", "/usr", "/var/tmp", "/var/log/audit", "/var/lib/elasticsearch", "/.drbd"),
    *("/neteye", "/neteye/shared", "/neteye/local", "/neteye/local/elasticsearch"),
    *("/neteye/local/elasticsearch/data", "/neteye/local/influxdb", "/neteye/local/backup"),
    *(f"/neteye/shared/{name}" for name in SERVICES),
    *("/etc/httpd/conf/httpd.conf", "/etc/httpd/conf.d/ssl.conf", "/etc/sudoers"),
    *("/etc/httpd/conf.d/welcome.conf", "/etc/httpd/conf.d/userdir.conf", "/etc/my.cnf"),
    *("/etc/ssh/sshd_config", "/etc/dnf/dnf.conf", "/etc/chrony.conf", "/etc/php.ini"),
    *("/etc/rsyslog.conf", "/etc/corosync/corosync.conf", "/etc/drbd.conf", "/etc/hosts"),
    *("/etc/icinga2/icinga2.conf", "/etc/icinga2/constants.conf", "/etc/neteye-cluster"),
    # names of files below these are the site's
    *("/etc/httpd/conf.d/", "/etc/httpd/", "/etc/yum.repos.d/", "/etc/pki/", "/etc/ssh/"),
    *("/etc/icinga2/", "/neteye/shared/", "/neteye/local/", "/neteye/", "/etc/", "/var/log/"),
    *("/var/lib/", "/var/", "/opt/", "/usr/"),
)
"""In this order: the first that fits counts."""
OTHERS = (
    *("neteye", "root", "hacluster", "apache", "icinga", "mysql", "neteyelocal", "localhost"),
    *("information_schema", "icinga2", "director", "grafana", "icingaweb2"),
)


def vocabulary(
    services: tuple[str, ...] = (),
    packages: tuple[str, ...] = (),
    paths: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
) -> Vocabulary:
    """Those of every cluster, and what the version step adds."""
    return Vocabulary(
        (*SERVICES, *services),
        (*PACKAGES, *packages),
        (*paths, *PATHS),
        (*OTHERS, *others),
        ENDS,
    )
