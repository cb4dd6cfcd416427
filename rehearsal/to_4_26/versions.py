"""The releases of this step; nothing else in `rehearsal/` names them."""

SOURCE = "4.25"
TARGET = "4.26"
