"""Benchmarks: tables of what a machine did, never asserts. `make bench` needs ../shared beside the checkout."""
