"""The trail of who did what, and its screens."""
