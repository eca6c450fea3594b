"""Fingerprints and hashes as people see them."""

GROUP = 4


def for_people(digest: str) -> str:
    """A fingerprint or hash in groups of four, as people read one aloud."""
    return " ".join(digest[at : at + GROUP] for at in range(0, len(digest), GROUP))
