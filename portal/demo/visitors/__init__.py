"""Simulated visitors: they come, talk, pause and leave through the public API, as anybody's browser does."""
