"""What patients knows for monitoring: what explains an access, who is family, which charts are watched."""

from patients.monitors import charts, explanations, family

__all__ = ["charts", "explanations", "family"]
