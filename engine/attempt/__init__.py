"""What an attempt keeps on N from run to run, and how a run holds the cluster (records, locks)."""
