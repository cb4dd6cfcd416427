"""What the asset module's upgrade needs to know: OCS Inventory, the GLPI plugin, httpd's files.

Pure logic: values in, values, findings or query descriptions out. Nothing here asks a node or
changes one; `runbook/actions` and the phases do.
"""
