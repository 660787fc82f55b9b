"""Formats of Chinese dates."""
