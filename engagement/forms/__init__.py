"""Forms of the engagement app."""
