"""Bundled data, each part with its origin."""
