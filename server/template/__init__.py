"""A template: what a conversation asks, as data that is checked whole."""
