"""Stand-ins of a rehearsal cluster for NetEye's commands, DRBD and Elasticsearch; not NetEye."""
