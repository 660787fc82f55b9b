"""The rules that audit knows: numbers, hours, sequences and deeds; found at start-up by its name."""

from audit.monitors import conduct, volume

__all__ = ["conduct", "volume"]
