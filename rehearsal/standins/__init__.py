"""Stand-ins for what can't be had: NetEye's own commands, DRBD, Elasticsearch."""
