"""Deeds of the engagement app."""
