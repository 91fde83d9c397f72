"""Measurements of dydt against its peers: `python -m benchmarks`, or `make bench`."""
