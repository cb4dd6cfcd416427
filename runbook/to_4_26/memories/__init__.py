"""The table ocsweb.memories: its values, its backup, its agents (guide rows G05 to G08)."""
