"""The sample organisation, played through the ordinary features."""
