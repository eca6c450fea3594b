"""Rooms, connections and the doorbell: from a browser's frame to the commit and back."""
