"""Everything that is kept about one person, put together for herself (GDPR, article 15)."""
