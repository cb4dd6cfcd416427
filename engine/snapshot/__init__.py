"""The snapshot: what a twin of the cluster is made of, from recorded answers, without a name."""
