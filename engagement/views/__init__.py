"""Pages of the relationship."""
