"""Questions to nodes: an argument list, a parser and a deadline. Asking never changes anything."""
