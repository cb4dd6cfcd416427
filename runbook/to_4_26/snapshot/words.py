"""What is the vendor's and httpd's own in the OCS files: everything else is replaced."""

from __future__ import annotations

OPTIONS = frozenset(
    {
        *("OCS_MODPERL_VERSION", "OCS_DB_HOST", "OCS_DB_PORT", "OCS_DB_NAME", "OCS_DB_LOCAL"),
        *("OCS_DB_USER", "OCS_DB_PWD", "OCS_DB_SSL_ENABLED", "OCS_DB_SSL_MODE"),
        *("OCS_DB_SSL_CLIENT_KEY", "OCS_DB_SSL_CLIENT_CERT", "OCS_DB_SSL_CA_CERT"),
        *("OCS_DB_SL_HOST", "OCS_DB_SL_PORT", "OCS_DB_SL_USER", "OCS_DB_SL_NAME", "OCS_DB_SL_PWD"),
        *("OCS_PLUGINS_CONF_DIR", "OCS_PLUGINS_PERL_DIR", "PLACK_ENV", "MOJO_HOME", "MOJO_MODE"),
        *("psgi_app", "PATH", "TZ", "PERL5LIB"),
        *(
            f"OCS_OPT_{name}"
            for name in (
                *("ACCEPT_TAG_UPDATE_FROM_CLIENT", "AUTO_DUPLICATE_LVL", "COMPRESS_TRY_OTHERS"),
                *("DATA_FILTER", "DBI_PRINT_ERROR", "DEPLOY", "DOWNLOAD", "ENABLE_GROUPS"),
                *("DOWNLOAD_CYCLE_LATENCY", "DOWNLOAD_EXECUTION_TIMEOUT", "DOWNLOAD_TIMEOUT"),
                *("DOWNLOAD_FRAG_LATENCY", "DOWNLOAD_GROUPS_TRACE_EVENTS", "FREQUENCY"),
                *("DOWNLOAD_PERIOD_LATENCY", "DOWNLOAD_PERIOD_LENGTH", "DOWNLOAD_URI_FRAG"),
                *("DOWNLOAD_URI_INFO", "EXT_USERAGENTS_FILE_PATH", "GENERATE_OCS_FILES"),
                *("GROUPS_CACHE_OFFSET", "GROUPS_CACHE_REVALIDATE", "INVENTORY_CACHE_ENABLED"),
                *("INVENTORY_CACHE_KEEP", "INVENTORY_CACHE_REVALIDATE", "INVENTORY_DIFF"),
                *("INVENTORY_FILTER_ENABLED", "INVENTORY_FILTER_FLOOD_IP"),
                *("INVENTORY_FILTER_FLOOD_IP_CACHE_TIME", "INVENTORY_FILTER_ON"),
                *("INVENTORY_ON_STARTUP", "INVENTORY_SESSION_ONLY", "INVENTORY_TRANSACTION"),
                *("INVENTORY_WRITE_DIFF", "IPDISCOVER", "IPDISCOVER_BETTER_THRESHOLD"),
                *("IPDISCOVER_LATENCY", "IPDISCOVER_MAX_ALIVE", "IPDISCOVER_NO_POSTPONE"),
                *("IPDISCOVER_USE_GROUPS", "LOCK_REUSE_TIME", "LOGLEVEL", "LOGPATH"),
                *("OCS_FILES_FORMAT", "OCS_FILES_OVERWRITE", "OCS_FILES_PATH"),
                *("OPTIONS_NOT_OVERLOADED", "PROLOG_FILTER_ON", "PROLOG_FREQ"),
                *("PROXY_REVALIDATE_DELAY", "REGISTRY", "SECURITY_LEVEL", "SESSION_CLEAN_TIME"),
                *("SESSION_VALIDITY_TIME", "SNMP", "SNMP_INVENTORY_DIFF"),
                *("SNMP_PRINT_HTTPS_ERROR", "TRACE_DELETED", "TRUSTED_IP", "UNICODE_SUPPORT"),
                *("UPDATE", "WEB_SERVICE_ENABLED", "WEB_SERVICE_RESULTS_LIMIT"),
                *("WEB_SERVICE_PRIV_MODS_CONF",),
            )
        ),
    }
)
"""Variables of the two files, of OCS 2.4 to 2.10 and of its REST API."""
DIRECTIVES = frozenset(
    {
        *("perlsetenv", "perlsetvar", "perladdvar", "perlmodule", "perlrequire", "perluse"),
        *("perlswitches", "perlpassenv", "perlhandler", "perlresponsehandler", "perloptions"),
        *("perlaccesshandler", "perlauthenhandler", "perlinithandler", "perlloghandler"),
        *("setenv", "passenv", "unsetenv", "setenvif", "setenvifnocase", "sethandler"),
        *("addhandler", "require", "order", "allow", "deny", "satisfy", "authtype", "authname"),
        *("authuserfile", "authgroupfile", "authbasicprovider", "authldapurl"),
        *("authldapbinddn", "authldapbindpassword", "authldapgroupattribute", "authmerging"),
        *("options", "allowoverride", "directoryindex", "alias", "scriptalias", "redirect"),
        *("redirectmatch", "rewriteengine", "rewriterule", "rewritecond", "rewritebase"),
        *("header", "requestheader", "limitrequestbody", "loglevel", "errorlog", "customlog"),
        *("timeout", "keepalive", "keepalivetimeout", "maxkeepaliverequests", "servername"),
        *("serveralias", "serveradmin", "documentroot", "include", "includeoptional"),
        *("loadmodule", "define", "undefine", "listen", "sslengine", "sslrequiressl"),
        *("sslcertificatefile", "sslcertificatekeyfile", "sslverifyclient", "sslverifydepth"),
        *("sslcacertificatefile", "ssloptions", "sslprotocol", "sslciphersuite"),
        *("proxypass", "proxypassreverse", "proxytimeout", "expiresactive", "filesmatch"),
        *("addtype", "addoutputfilter", "setoutputfilter", "php_value", "php_flag"),
        *("php_admin_value", "php_admin_flag", "requestreadtimeout", "fileetag"),
    }
)
"""Directives of httpd 2.4, mod_perl and mod_php, in lower case."""
SECTIONS = frozenset(
    {
        *("ifmodule", "ifdefine", "ifversion", "if", "elseif", "else", "location"),
        *("locationmatch", "directory", "directorymatch", "files", "filesmatch", "limit"),
        *("limitexcept", "perl", "virtualhost", "requireall", "requireany", "requirenone"),
        *("proxy", "proxymatch"),
    }
)
VALUES = frozenset(
    {
        *("all", "granted", "denied", "ip", "host", "local", "user", "valid-user", "group"),
        *("env", "not", "method", "expr", "forward-dns", "from", "deny,allow", "allow,deny"),
        *("any", "basic", "digest", "file", "ldap", "none", "indexes", "followsymlinks"),
        *("multiviews", "execcgi", "includes", "perl-script", "modperl", "default-handler"),
        *("set", "append", "add", "unset", "merge", "always", "early", "edit"),
        *("+parent", "+globalrequest", "+setupenv", "-setupenv", "+parseheaders"),
        *("production", "development", "deployment", "debug", "info", "notice", "warn"),
        *("error", "crit", "alert", "emerg", "ssl_mode_preferred", "ssl_mode_required"),
        *("ssl_mode_strict", "ocs", "xml", "ocsweb", "ocsserver", "soap", "get", "post"),
        *("head", "put", "delete", "options", "mod_perl.c", "!mod_perl.c", "mod_authz_core.c"),
        *("!mod_authz_core.c", "mod_ssl.c", "!mod_ssl.c", "mod_authz_host.c", "mod_env.c"),
        *("!mod_env.c", "mod_rewrite.c", "mod_headers.c", "mod_php7.c", "mod_php.c"),
        *("ocs inventory soap area", "webserv_priv_mods_conf_file", "require", "optional"),
    }
)
"""Values that httpd, mod_perl and OCS's own files have, in lower case."""
MODULES = frozenset(
    {
        *("Apache::DBI", "Compress::Zlib", "XML::Simple", "XML::Parser", "DBI", "DBD::mysql"),
        *("Plack::Handler::Apache2", "Apache::Ocsinventory", "Apache::Ocsinventory::Plugins"),
        *("Apache::Ocsinventory::SOAP", "Apache::Ocsinventory::Plugins::Apache", "Apache2::SOAP"),
        *("strict", "warnings", "lib", "SOAP::Transport::HTTP2", "Apache2::Const"),
        *(
            f"Apache::Ocsinventory::Server::{name}"
            for name in (
                *("Constants", "System", "Communication", "Inventory", "Duplicate", "Groups"),
                *(
                    f"Capacities::{one}"
                    for one in (
                        *("Registry", "Update", "Ipdiscover", "Download", "Notify", "Snmp"),
                        *("Filter", "Datafilter", "Example"),
                    )
                ),
            )
        ),
    }
)
PATHS = (
    *("/ocsinventory", "/ocsinterface", "/ocsapi", "/ocsplugins", "/ocsreports", "/download"),
    *("/snmp", "/var/log/ocsinventory-server", "/var/log/ocsinventory-server/"),
    *("/etc/ocsinventory", "/etc/ocsinventory/plugins", "/etc/ocsinventory/perl", "/tmp"),
    *("/etc/ocsinventory/extra_useragents", "/usr/share/perl5/", "/usr/share/perl5"),
    *("/usr/share/perl5/Api/Ocsinventory/Restapi", "/etc/httpd/conf/ocsinventory.htpasswd"),
    *("/usr/share/perl5/Api/Ocsinventory/Restapi/Loader.pm", "/etc/httpd/conf/htpasswd.ocs"),
    *("/usr/local/share/perl5", "/usr/local/share/perl5/Api/Ocsinventory/Restapi"),
    *("/usr/local/share/perl5/Api/Ocsinventory/Restapi/Loader.pm",),
    *("/etc/ocsinventory-server/plugins", "/etc/ocsinventory-server/perl"),
    *("/usr/share/ocsinventory-reports", "/var/lib/ocsinventory-reports"),
)
SERVICES = ("ocsinventory-server", "ocsinventory", "ocsinventory-ocsreports", "glpi")
PACKAGES = (
    *("ocsinventory-server", "ocsinventory-ocsreports", "glpi", "glpi-plugin-ocsinventoryng"),
    *("ocsinventory-*", "ocsinventory*", "glpi*", "glpi-*"),
)
OTHERS = ("ocsweb", "ocsserver", "glpi_ocsinventoryng", "ocs", "glpi")
AGENTS = (
    *("OCS-NG_unified_unix_agent", "OCS-NG_WINDOWS_AGENT", "OCS-NG_iOS_AGENT"),
    *("OCS-NG_Android_agent", "FusionInventory-Agent", "GLPI-Agent", "OCS-NG_windows_client"),
)
"""Names that agents give themselves, before their version."""
LITERALS = (
    *("No", "None", "Unknown", "No Module Installed", "Not Specified", "N/A", "Empty"),
    *("[Empty]", "Not Installed", "Absent", "Not Provided"),
)
"""What firmware and agents send where there is no module: texts of programs, not of people."""
