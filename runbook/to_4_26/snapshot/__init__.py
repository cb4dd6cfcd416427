"""The version step's section of a snapshot: OCS files, values of memories, GLPI's OCS servers."""
