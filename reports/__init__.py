"""Charts, digests and their delivery."""
