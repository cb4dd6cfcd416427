"""The runbook of one version step: NetEye 4.25 -> 4.26 on a cluster. It reads like the guide."""
