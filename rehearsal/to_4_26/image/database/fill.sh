#!/bin/bash
# Fills the template of the MariaDB data directory: ocsweb with the schema from Debian's
# ocsinventory-reports as it stands before step 7050 (CAPACITY still text), the tables of GLPI that
# the checks need, and sample data.
# args: the client's words
set -euo pipefail
here=/usr/share/neteye-rehearsal/database
schema=/usr/share/ocsinventory-reports/files
client=("$@")

"${client[@]}" -e "CREATE DATABASE ocsweb CHARACTER SET utf8mb3; CREATE DATABASE glpi CHARACTER SET utf8mb3"
"${client[@]}" ocsweb < "$schema/ocsbase.sql"
for step in $(seq 7040 7049); do
    [ -f "$schema/update/$step.sql" ] || continue
    # like the console's updater: not strict, and a failed statement does not end the step
    { echo "SET sql_mode='NO_ENGINE_SUBSTITUTION';"; cat "$schema/update/$step.sql"; } |
        "${client[@]}" --force ocsweb 2>> /tmp/ocs-steps.log || true
done
"${client[@]}" ocsweb < "$here/ocs-settings.sql"
python3 "$here/sample_data.py" | "${client[@]}" ocsweb
"${client[@]}" glpi < "$here/glpi.sql"

# the template must be what the runbook expects to meet, else the image is worthless
type=$("${client[@]}" -BNe "SELECT DATA_TYPE FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA='ocsweb' AND TABLE_NAME='memories' AND COLUMN_NAME='CAPACITY'")
[ "$type" = varchar ] || { echo "memories.CAPACITY is '$type', expected varchar" >&2; exit 1; }
rm -f /tmp/ocs-steps.log
