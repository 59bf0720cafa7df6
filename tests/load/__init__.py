"""`make bench`: what the Portal promises about speed, measured (docs/benchmarks.md). Nothing here is a test."""
