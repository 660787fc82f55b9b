"""Reads of the engagement app."""
