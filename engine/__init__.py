"""The engine: knows clusters and runs; knows no version and no product module.

Layers, from the bottom: model <- parse, policy <- observe, act <- plugin. Only observe and act
use transport. The runbook uses the engine, never the other way round (tests/layers holds it).
"""
