"""What is allowed, and how much of it: pure functions and constants, without I/O."""
