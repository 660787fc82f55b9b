"""Deeds of the audit app."""
