"""The rules that audit knows: numbers, hours, sequences, deeds and reports; found at start-up by its name."""

from audit.monitors import conduct, told, volume

__all__ = ["conduct", "told", "volume"]
