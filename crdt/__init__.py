"""The documents, the wire and presence, sans-I/O: no asyncio, clock, randomness, HTTP or SQL."""
