"""Pages for paper: templates of typst; what they say comes as data."""
