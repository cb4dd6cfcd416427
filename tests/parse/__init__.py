"""Tests of the parsers: real outputs in files, their ugly neighbours, and laws."""
