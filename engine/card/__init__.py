"""The card: one page to print for the week and the night. It asks nobody and runs nothing."""
