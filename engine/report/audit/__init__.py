"""`evidence.html`: the attempt as an auditor reads it, made from its journals alone."""
