"""What an operator types where the database lies: one command a file."""
