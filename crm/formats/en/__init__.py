"""Formats of English dates."""
