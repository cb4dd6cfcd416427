"""Questions to nodes and to the database, and what answered: nothing is changed here."""
