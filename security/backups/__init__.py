"""Backups: dumps, sealed files and data keys, encrypted with age public keys while they are streamed."""
