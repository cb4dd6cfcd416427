"""Finds a cluster by one of its nodes, for the inventory; changes nothing and keeps no record."""
