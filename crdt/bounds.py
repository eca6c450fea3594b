"""How much of anything the documents and the wire accept.

The figures themselves live in ``server/rules/limits.py``: here is only what must be bounded, and in
which unit. Nothing in ``crdt`` has a default of its own, so that no limit hides outside that file.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpdateBounds:
    """Bounds of one Yjs update, and of the document that it is merged into."""

    update_bytes_max: int
    update_structs_max: int
    """Items and ranges of deletions."""
    update_clients_max: int
    update_comparisons_max: int
    """Pairs of a new item and an item of the same type, new ones included: what Yjs may have to compare
    when every new item names neighbours as far apart as can be."""
    step_comparisons_max: int
    """As many of those as pycrdt is given at a time: nothing else runs in the process meanwhile."""
    quick_update_bytes_max: int
    """Bytes of an update that is merged within a few milliseconds, if it is quick by the next one too."""
    quick_byte_pairs_max: int
    """Bytes of the update times bytes of the document."""
    typed_changes_max: int
    """Changes of what was typed that are kept until pycrdt is given them together."""
    any_depth_max: int
    """Levels of nested arrays and maps in one JSON-like value."""
    value_bytes_max: int
    """Bytes of one scalar (a date, a choice, a row id), encoded as UTF-8."""
    xml_depth_max: int
    """Levels of elements below a text's root, also when built up over many updates."""
    document_bytes_max: int
    """Bytes of a document's encoded state."""
    document_clients_max: int
    """Distinct Yjs client ids in one document."""
    table_rows_max: int
    """Rows of one table, removed ones included."""


@dataclass(frozen=True, slots=True)
class WireBounds:
    """Bounds of one connection's frames."""

    frame_bytes_max: int
    document_name_bytes_max: int
    token_bytes_max: int
    reason_bytes_max: int
    stateless_bytes_max: int
    awareness_bytes_max: int
    """Bytes of one client's presence, as JSON in UTF-8."""
    awareness_clients_max: int
    """Clients in one Awareness frame."""
    state_vector_clients_max: int
    documents_per_connection_max: int
    held_frames_max: int
    """Frames held back, per connection, while a document's Auth is being answered."""
    held_bytes_max: int
