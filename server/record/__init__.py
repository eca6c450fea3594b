"""A record: its format, its paper, its seal, and how anybody verifies it."""
