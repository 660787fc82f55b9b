"""Exports: what can be taken out of the house, as tables that no spreadsheet executes."""

from security.exports.registry import Column, Exporter, exporters, find, register, usable_by

__all__ = ["Column", "Exporter", "exporters", "find", "register", "usable_by"]
