"""Pacemaker's own vocabulary, by its manual ("Pacemaker Explained" 2.1): what may be kept."""

from __future__ import annotations

PROPERTIES = frozenset(
    {
        *("batch-limit", "cluster-delay", "cluster-infrastructure", "cluster-ipc-limit"),
        *("cluster-name", "cluster-recheck-interval", "concurrent-fencing", "dc-deadtime"),
        *("dc-version", "election-timeout", "enable-acl", "enable-startup-probes"),
        *("fence-reaction", "have-watchdog", "join-finalization-timeout"),
        *("join-integration-timeout", "last-lrm-refresh", "load-threshold", "maintenance-mode"),
        *("migration-limit", "no-quorum-policy", "node-action-limit", "node-health-base"),
        *("node-health-green", "node-health-red", "node-health-strategy", "node-health-yellow"),
        *("pe-error-series-max", "pe-input-series-max", "pe-warn-series-max"),
        *("placement-strategy", "priority-fencing-delay", "remove-after-stop", "shutdown-lock"),
        *("shutdown-escalation", "shutdown-lock-limit", "start-failure-is-fatal"),
        *("startup-fencing", "stonith-action", "stonith-enabled", "stonith-max-attempts"),
        *("stonith-timeout", "stonith-watchdog-timeout", "stop-all-resources"),
        *("stop-orphan-actions", "stop-orphan-resources", "symmetric-cluster"),
        *("transition-delay",),
    }
)
META = frozenset(
    {
        *("allow-migrate", "allow-unhealthy-nodes", "clone-max", "clone-min", "clone-node-max"),
        *("container-attribute-target", "critical", "failure-timeout", "globally-unique"),
        *("interleave", "is-managed", "maintenance", "master-max", "master-node-max"),
        *("migration-threshold", "multiple-active", "notify", "ordered", "priority"),
        *("promotable", "promoted-max", "promoted-node-max", "remote-node", "requires"),
        *("resource-stickiness", "target-role"),
    }
)
OPERATION = frozenset(
    {
        *("name", "interval", "timeout", "on-fail", "role", "enabled", "start-delay"),
        *("record-pending", "interval-origin"),
    }
)
OPERATIONS = frozenset(
    {
        *("start", "stop", "monitor", "promote", "demote", "notify", "migrate_to"),
        *("migrate_from", "meta-data", "validate-all", "reload", "reload-agent", "status"),
    }
)
PARAMETERS = frozenset(
    {
        *("ip", "nic", "cidr_netmask", "broadcast", "iflabel", "arp_interval", "arp_count"),
        *("device", "directory", "fstype", "options", "drbd_resource", "drbdconf", "config"),
        *("binary", "datadir", "pid", "socket", "user", "group", "log", "statusurl", "port"),
        *("configfile", "ipaddr", "ipport", "login", "username", "passwd", "password", "plug"),
        *("lanplus", "cipher", "auth", "method", "power_wait", "power_timeout", "ssl"),
        *("ssl_insecure", "shell_timeout", "login_timeout", "delay", "action", "hostlist"),
        *("devices", "key", "identity_file", "passwd_script", "password_script", "secure"),
        *("privlvl", "hexadecimal_kg", "login", "verbose", "debug_file", "stonith_user"),
        *("pcmk_host_list", "pcmk_host_map", "pcmk_host_check", "pcmk_host_argument"),
        *("pcmk_reboot_action", "pcmk_off_action", "pcmk_on_action", "pcmk_list_action"),
        *("pcmk_monitor_action", "pcmk_status_action", "pcmk_reboot_timeout"),
        *("pcmk_off_timeout", "pcmk_monitor_timeout", "pcmk_delay_max", "pcmk_delay_base"),
        *("pcmk_reboot_retries", "pcmk_off_retries", "pcmk_action_limit"),
    }
)
"""Names of parameters that resources of such clusters have. No value is kept."""
ATTRIBUTES = frozenset(
    {
        *("standby", "maintenance", "terminate", "#uname", "#id", "#kind", "#is_dc"),
        *("#site-name", "#cluster-name", "#role", "#ra-version", "#health-cpu"),
        *("#health-iowait", "#health-ram", "#health_disk", "#health-smart", "pingd"),
        *("fail-count", "last-failure", "probe_complete", "shutdown"),
    }
)
"""Attributes of nodes that pacemaker and what it starts have."""
WORDS = frozenset(
    {
        *("Started", "Stopped", "Slave", "Master", "Promoted", "Unpromoted"),
        *("started", "stopped", "slave", "master", "promoted", "unpromoted"),
        *("Mandatory", "Optional", "Serialize", "mandatory", "optional", "serialize"),
        *("always", "never", "exclusive", "start", "stop", "promote", "demote"),
        *("ignore", "block", "fence", "restart", "restart-container", "standby", "freeze"),
        *("suicide", "demote", "stop_only", "stop_start", "stop_unexpected", "reboot"),
        *("poweroff", "off", "nothing", "quorum", "fencing", "unfencing", "panic"),
        *("default", "utilization", "minimal", "balanced", "none", "migrate-on-red"),
        *("only-green", "progressive", "custom", "corosync", "and", "or", "eq", "ne", "lt"),
        *("gt", "lte", "gte", "defined", "not_defined", "in_range", "date_spec", "string"),
        *("integer", "number", "version", "literal", "param", "meta", "red", "yellow"),
        *("green", "cluster", "remote", "member", "forever", "host", "INFINITY", "-INFINITY"),
    }
)
"""Values that pacemaker's schema names."""
RESOURCE_AGENTS = frozenset(
    {
        *("IPaddr2", "IPaddr", "IPsrcaddr", "Filesystem", "apache", "nginx", "mysql", "mariadb"),
        *("galera", "pgsql", "LVM", "LVM-activate", "drbd", "Dummy", "Stateful", "Delay"),
        *("MailTo", "ping", "SysInfo", "HealthCPU", "HealthSMART", "ClusterMon", "controld"),
        *("remote", "nfsserver", "exportfs", "NodeUtilization", "ethmonitor", "VirtualDomain"),
        *("VIPArip", "symlink", "anything", "docker", "podman", "rabbitmq-cluster", "redis"),
        *("fence_ipmilan", "fence_idrac", "fence_ilo", "fence_ilo2", "fence_ilo3"),
        *("fence_ilo4", "fence_ilo5", "fence_imm", "fence_vmware_rest", "fence_vmware_soap"),
        *("fence_sbd", "fence_scsi", "fence_mpath", "fence_xvm", "fence_virt", "fence_apc"),
        *("fence_apc_snmp", "fence_rhevm", "fence_aws", "fence_azure_arm", "fence_gce"),
        *("fence_kdump", "fence_cisco_ucs", "fence_drac5", "fence_redfish", "fence_watchdog"),
        *("fence_bladecenter", "fence_hpblade", "fence_compute", "fence_rehearsal"),
    }
)
"""Scripts by which pacemaker starts and fences, as the distributions have them; one is the
rehearsal's own."""
PROVIDERS = frozenset({"heartbeat", "pacemaker", "linbit", "openstack", "redhat"})
CLASSES = frozenset({"ocf", "systemd", "lsb", "service", "stonith", "upstart"})
