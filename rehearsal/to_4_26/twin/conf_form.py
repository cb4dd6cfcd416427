"""The form of an OCS file in a snapshot: settings as the runbook writes them, and no code.

httpd would run what Perl, a pipe or a program's name in its configuration says, as root. So each
line is one that the runbook writes, else the snapshot is refused.
"""

from __future__ import annotations

import re

from rehearsal.like.fields import SnapshotError

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
"""Directives that a snapshot has by their names, in lower case; each other is a SiteDirective."""
SECTIONS = frozenset(
    {
        *("ifmodule", "ifdefine", "ifversion", "if", "elseif", "else", "location"),
        *("locationmatch", "directory", "directorymatch", "files", "filesmatch", "limit"),
        *("limitexcept", "perl", "virtualhost", "requireall", "requireany", "requirenone"),
        *("proxy", "proxymatch"),
    }
)
"""The same of sections."""
_SITES = re.compile(r"SiteDirective[0-9]{1,6}\Z")
_PLAIN = r"[A-Za-z0-9_.,:/+!~*%@=\[\]-]"
_VARIABLE = r"\$\{\w{1,200}\}|\$ENV\{\w{1,200}\}"
_ARGUMENT = rf'(?:{_VARIABLE}|{_PLAIN}+|"(?:{_VARIABLE}|(?:{_PLAIN}| )*)")'
_DIRECTIVE = re.compile(rf" *(\w+)(?: {_ARGUMENT}){{0,1000}}\Z", re.ASCII)
_OPEN = re.compile(rf" *<(\w+)(?: {_ARGUMENT}){{0,1000}}>\Z", re.ASCII)
_CLOSE = re.compile(r" *</(\w+)>\Z", re.ASCII)
_COMMENT = re.compile(r" *#[^\x00-\x1f\x7f]*(?<!\\)\Z")
_STRING = r"(?:@PASSWORD@|@SECRET@|\$\{\w{1,200}\}|[A-Za-z0-9_.,:/+!~*% \[\]-]*)"
_VALUE = rf"(?:'{_STRING}'|\"{_STRING}\"|[0-9]{{1,20}}|\$ENV\{{\w{{1,200}}\}})"
_PERL = re.compile(
    rf" *(?:\$ENV\{{\w{{1,200}}\}} = {_VALUE};"
    r"|(?:use|no|require) [A-Za-z]\w*(?:::\w+)*;|site_code\(\);)\Z",
    re.ASCII,
)
_SWITCHES = re.compile(r' *PerlSwitches(?: "?(?:text-)?[0-9]{1,7}"?)*\Z', re.I)
"""A program can be told by a switch of Perl."""


def check(text: str, where: str) -> None:
    """Raise SnapshotError for a line that no snapshot has."""
    is_perl = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not (line == "" or _COMMENT.match(line) or _is_setting(line, is_perl)):
            raise SnapshotError(
                f"line {number} of {where} is {line[:80]!r}, which is no setting of a snapshot"
            )
        if re.match(r" *</?perl\b", line, re.I):
            is_perl = "</" not in line


def _is_setting(line: str, is_perl: bool) -> bool:
    if is_perl:
        closed = _CLOSE.match(line)
        return _PERL.match(line) is not None or (closed is not None and closed[1].lower() == "perl")
    if found := _OPEN.match(line) or _CLOSE.match(line):
        return found[1].lower() in SECTIONS or _SITES.match(found[1]) is not None
    found = _DIRECTIVE.match(line)
    if found is None:
        return False
    if found[1].lower() == "perlswitches":
        return _SWITCHES.match(line) is not None
    return found[1].lower() in DIRECTIVES or _SITES.match(found[1]) is not None
