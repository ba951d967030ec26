"""Requests to language models: requests are values, and everything replays (DESIGN §7)."""
