"""Benchmarks: `python -m bench.sync` races a whole sync against other ways to do the same; see README.md."""
