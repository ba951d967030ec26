"""Runs that make parts of personas anew."""
