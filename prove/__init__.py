"""Proof of monitoring: years of ordinary accesses with planted snoopers, and what the rules find of them."""
