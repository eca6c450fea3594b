"""The Samsyn server: people, conversations and the rooms in which they write together."""
