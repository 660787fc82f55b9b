"""Deeds of the consent app."""
