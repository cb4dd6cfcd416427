"""The only door to nodes and databases."""
