"""Demographic tables and the script that derives them; origins are in `ORIGIN.md`."""
