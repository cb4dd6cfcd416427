"""Causes by what the ssh client says: a pattern, the kind, what it means and what to do about it.

Texts of OpenSSH (8.0 on RHEL 8 to 9.x) under LC_ALL=C; none of them carries a command's output.
The first rule that matches counts.
"""

from __future__ import annotations

from engine.model.answer import LostKind

BUSY = (
    r"kex_exchange_identification: (read: )?Connection (reset|closed)|"
    r"Connection (reset|closed) by .* port \d+\s*$"
)
SILENT = r"timed out|No route to host|Network is unreachable|Host is down"
_AUTH = (
    "login was denied by {who}, and its sshd does not say why to those outside; its log does "
    "(journalctl -u sshd there). The operator's key must be in that user's authorized_keys (look "
    "at ansible_user, ansible_ssh_private_key_file and the agent, ssh-add -l), and sshd_config "
    "must let the user in from here (AllowUsers, AllowGroups, PermitRootLogin, Match Address, "
    "from= beside the key)"
)
# {who}: the node, or what lies before it; {node}: where the connection was to end
RULES: tuple[tuple[str, LostKind, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        LostKind.HOST_KEY,
        "the host key of {who} has changed: it is another one than the known one. Find out why "
        "(installed anew? another machine?) before the entry in known_hosts is replaced",
    ),
    (
        r"revoked",
        LostKind.HOST_KEY,
        "the host key of {who} is marked as revoked in known_hosts. Do not connect before it is "
        "known why",
    ),
    (
        r"Certificate invalid: (expired|not yet valid)",
        LostKind.HOST_KEY,
        "the host certificate of {who} is not valid now. Have it renewed by the authority that "
        "signs them, and compare this machine's clock; known_hosts needs no other entry",
    ),
    (
        r"Certificate invalid: ",
        LostKind.HOST_KEY,
        "the host certificate of {who} is not for the name that ssh was given. Have it made for "
        "that name too, or set ansible_host to one that it is for (ssh-keygen -L lists them)",
    ),
    (
        r"host key is known for|Host key verification failed",
        LostKind.HOST_KEY,
        "the host key of {who} is not known here. Compare its fingerprint on the console of {who}, "
        "then add it to known_hosts",
    ),
    (
        r"Load key .*: (?!Permission denied \()|bad permissions|UNPROTECTED PRIVATE KEY",
        LostKind.AUTHENTICATION,
        "the private key can't be used. It must be readable, in OpenSSH's format, 0600, "
        "and held by the agent when it has a passphrase",
    ),
    (
        r"agent refused operation|signing failed",
        LostKind.AUTHENTICATION,
        "the agent holds the key for {who} but does not sign with it. Unlock it (a confirmation, "
        "a touch, a PIN), or add it anew with ssh-add",
    ),
    (
        r"Identity file .* not accessible",
        LostKind.AUTHENTICATION,
        "the private key file can't be read. Set ansible_ssh_private_key_file to the one to use",
    ),
    (
        r"[Ss]ystem is (going down|booting up)|system is shutting down",
        LostKind.UNREACHABLE,
        "{who} is shutting down or starting. Wait until it is up, then run again",
    ),
    (
        r"Too many authentication failures",
        LostKind.AUTHENTICATION,
        "too many keys were offered to {who} before the right one. Name it in "
        "ansible_ssh_private_key_file, or in the ssh configuration of a jump host",
    ),
    (
        r"Permission denied \((?!.*publickey)",
        LostKind.AUTHENTICATION,
        "{who} takes no keys from this user and address (PubkeyAuthentication or "
        "AuthenticationMethods in sshd_config, perhaps in a Match block)",
    ),
    (r"Permission denied", LostKind.AUTHENTICATION, _AUTH),
    (
        r"Could not resolve hostname",
        LostKind.UNREACHABLE,
        "the name of {who} can't be resolved here. Use an address, or mend the name service",
    ),
    (
        r"Connection refused",
        LostKind.UNREACHABLE,
        "{who} accepts no connections there. Is it up (a reboot takes minutes), is sshd "
        "running, is the port right (ansible_port)",
    ),
    (
        SILENT,
        LostKind.UNREACHABLE,
        "{who} does not react. Is it up, is the network between, does it need a jump host "
        "(ansible_ssh_common_args = -J ...)",
    ),
    (
        BUSY,
        LostKind.UNREACHABLE,
        "sshd of {who} drops new connections before login. Is it overloaded (MaxStartups), "
        "starting, or is the operator's address shut out",
    ),
    (
        r"Bad (configuration )?option|Can't open user config|bad configuration|Bad owner",
        LostKind.UNREACHABLE,
        "the ssh client does not accept its configuration. Mend the file it names",
    ),
)
_OPEN_FAILED = r"channel \d+: open failed: "
# What a hop that lets us in says about the way from there on.
BEYOND: tuple[tuple[str, LostKind, str], ...] = (
    (
        rf"{_OPEN_FAILED}administratively prohibited",
        LostKind.UNREACHABLE,
        "{who} lets us in but forwards nothing to {node}. Expected in its sshd_config "
        "AllowTcpForwarding yes (or local), no DisableForwarding, a PermitOpen that has {node}, "
        "and no `restrict` or `no-port-forwarding` beside the key in authorized_keys",
    ),
    (
        rf"{_OPEN_FAILED}.*(not known|resolve|resolution)",
        LostKind.UNREACHABLE,
        "{who} can't resolve the name of {node}: it is resolved there. Set ansible_host to an "
        "address, or mend the name service of {who}",
    ),
    (
        rf"{_OPEN_FAILED}.*refused",
        LostKind.UNREACHABLE,
        "{who} lets us in, but {node} accepts no connection from there. Is the node up (a reboot "
        "takes minutes), is sshd running, is ansible_port right",
    ),
    (
        _OPEN_FAILED,
        LostKind.UNREACHABLE,
        "{who} lets us in, but has no way to {node}. Is the node up, is the network between them",
    ),
    (
        r"not found|No such file or directory",
        LostKind.UNREACHABLE,
        "a program on the way is missing, here or on the machine that {who} goes through. Install "
        "it (nc), or use ProxyJump (-J), which needs none",
    ),
)
CSH = (
    "The login shell of {user} is a csh (tcsh), which can't read what the runbook sends. Give the "
    "user a POSIX shell (chsh -s /bin/bash), or set ansible_user to one who has it"
)
SUDO_CUT = (
    "sudo ended (exit code {code}) before the end of its answer came. sudo does so by a"
    " command_timeout, and it loses the end of a long output that it keeps (seen of 1.9.13)."
    " Expected in sudoers: Defaults:{user} !log_output, and no command_timeout for {user}"
)
NOT_BEGUN: tuple[tuple[str, str], ...] = (
    (
        r"^fish: ",
        "the login shell of {user} is fish, which can't read what the runbook sends. Give the user "
        "a POSIX shell (chsh -s /bin/bash), or set ansible_user to one who has it",
    ),
    (
        r"not available|nologin",
        "the login shell of {user} is nologin, or the account is closed: it may not run commands. "
        "Set ansible_user to one who may log in",
    ),
    (
        r"must have a tty|no tty present",
        "sudo runs for {user} at a terminal only. Expected in sudoers: Defaults:{user} !requiretty",
    ),
    (
        r"sudo: a password is required|is not in the sudoers file|not (allowed to )?run sudo",
        "no rule in sudoers lets {user} run any command as root unasked. Expected there is one with"
        " NOPASSWD for all commands, and no later rule that takes it back (sudo -l -U {user})",
    ),
    (
        r"is not allowed to execute",
        "the rules in sudoers let {user} run some commands only. The runbook runs all of its own by"
        " /usr/bin/env: expected is one with NOPASSWD for all commands (sudo -l -U {user})",
    ),
    (
        r"^\S*env: .*Permission denied",
        "sudo lets {user} start nothing from within a command (noexec). Expected in sudoers:"
        " Defaults:{user} !noexec",
    ),
    (
        r"sudo: (command )?not found",
        "there is no sudo on the node. Install it, or log in as root (ansible_become = no)",
    ),
    (
        r"expired|account validation failure",
        "sudo finds the account or password of {user} expired. Have it renewed (chage -l {user})",
    ),
)
"""Why a session came and its command was not begun."""
