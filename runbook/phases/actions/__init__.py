"""Fixtures as actions: each looks at what is there and yields the changes that close the gap."""
