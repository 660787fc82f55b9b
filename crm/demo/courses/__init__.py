"""How illnesses run: for each, what a year of good care looks like."""
