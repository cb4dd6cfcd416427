"""The support bundle: what the vendor's support needs in hand, in one archive of the run."""
