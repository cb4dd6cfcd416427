"""The breaking changes, each way in which they go wrong: a case is called like its scenario."""

from __future__ import annotations

from tests.findings.cases_glpi import GLPI_CASES
from tests.findings.cases_httpd import HTTPD_CASES
from tests.findings.cases_memories import MEMORIES_CASES
from tests.findings.cases_packages import PACKAGES_CASES

BREAKING = (*MEMORIES_CASES, *GLPI_CASES, *HTTPD_CASES, *PACKAGES_CASES)
