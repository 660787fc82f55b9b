"""Measurements against plaintext twins, alternating in one run; ratios are the result."""
