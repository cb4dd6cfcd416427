"""Finding codes of the breaking changes that no case shows, and why not."""

from __future__ import annotations

UNCOVERED = {
    "glpi-database-elsewhere": "not shown on a cluster yet; tests/actions/test_ocs_glpi_place.py.",
    "glpi-database-gone": "not shown on a cluster yet.",
    "glpi-database-unclear": "not shown on a cluster yet; tests/actions/test_ocs_glpi_place.py.",
    "ocs-activity-errors": "not shown on a cluster yet; tests/actions/test_ocs_online.py.",
    "ocs-api-unexpected": "not shown on a cluster yet; tests/actions/test_ocs_online.py.",
    "ocs-api-unreachable": "not shown on a cluster yet; tests/actions/test_ocs_online.py.",
    "ocs-file-unfit": "not shown on a cluster yet; tests/actions/test_ocs_sameness.py.",
    "ocs-httpd-complains": "a cluster of its own shows it: tests/integration/test_ocs_stops.py.",
}
