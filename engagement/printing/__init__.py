"""Pages of engagement for paper, set by typst in memory."""
