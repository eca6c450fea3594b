"""HTTP pages and JSON, one file a feature."""
