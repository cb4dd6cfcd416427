"""Pure rendering of a cluster's files: topology and settings in, text out."""
