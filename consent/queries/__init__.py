"""Reads of the consent app."""
