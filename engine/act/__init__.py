"""Changes: how an action describes them, and the one module that applies them."""
