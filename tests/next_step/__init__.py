"""A second version step, 4.26 -> 4.27, as small as one can be: proves that a step is a folder."""
