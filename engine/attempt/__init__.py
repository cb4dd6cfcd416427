"""What an attempt keeps on N and how a run holds the cluster: records, lock, memory, position."""
