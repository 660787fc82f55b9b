"""What the clinic speaks of: problems, measures, medicines, vaccines, deeds."""
