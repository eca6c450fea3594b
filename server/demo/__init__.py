"""The sample organisation, played through the ordinary features: no back door past any guard."""
