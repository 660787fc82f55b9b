"""The demo clinic: invented people with a year of history, made the same way each time."""
