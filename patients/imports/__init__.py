"""Importing tables: recognising the file, reading it row by row, and what each kind of row becomes."""
