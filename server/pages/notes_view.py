"""Notes to oneself as their pages show them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from server.documents import COLOURS
from server.notes import Note
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Pane

DOCUMENT: Final = "note"
"""What a page's elements call the document (``data-pane``)."""


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note in the list."""

    id: str
    beginning: str
    about: str
    when: str


def shown(me: Person) -> Mapping[str, str]:
    """How the owner is shown to her own other devices, and to nobody else."""
    return {"id": me.id, "name": me.name, "initials": me.initials, "colour": COLOURS[Pane.JOINT]}


def row(note: Note, view: View) -> NoteRow:
    """Describe one note to its owner."""
    return NoteRow(
        note.id,
        note.beginning or view.catalogue.say("Nothing written yet"),
        about(note, view),
        view.days.when(note.created_at),
    )


def about(note: Note, view: View) -> str:
    """What it is about, in words."""
    say = view.catalogue.say
    if note.about_person is not None:
        return say("About %(name)s", name=note.about_person.name)
    if note.about_conversation is not None:
        return say("To prepare a conversation")
    return say("About my own work")
