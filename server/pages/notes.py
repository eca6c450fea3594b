"""Notes to oneself: what one has done, what one wants to remember of others (F77, F89, F152)."""

from starlette.responses import RedirectResponse, Response

from server import people
from server.notes import Note
from server.pages import live_page, notes_view, words
from server.pages.context import PersonVisit
from server.pages.forms import read_form
from server.rules.errors import NotFound

NOTES = "/notes"


async def show(visit: PersonVisit) -> Response:
    """GET /notes, with ``about`` only those about one person."""
    view = visit.view()
    who = visit.request.query_params.get("about", "").replace("\0", "")
    about = await visit.features.database.read(lambda c: people.get(c, who)) if who else None
    found = await (
        visit.features.notes.of_person(visit.actor, about.id)
        if about
        else visit.features.notes.mine(visit.actor)
    )
    if about and not about.active and not found:
        # Who has left is nobody's to find out, but of whom one has kept something.
        raise NotFound
    return visit.page(
        view, "notes/page.html", about=about, rows=[notes_view.row(each, view) for each in found]
    )


async def begin(visit: PersonVisit) -> Response:
    """POST /notes, with ``about`` a person whom the note is to be about."""
    about = (await read_form(visit.request)).get("about") or None
    id_ = await visit.features.notes.add(visit.actor, about_person=about)
    return RedirectResponse(f"{NOTES}/{id_}", 303)


async def write(visit: PersonVisit) -> Response:
    """GET /notes/{note}: where it is written."""
    note, text = await visit.features.notes.read(visit.actor, _id(visit))
    view = visit.view()
    return visit.page(
        view,
        "notes/note.html",
        note=note,
        about=notes_view.about(note, view),
        back=_back(note),
        text=text,
        island=live_page.island(
            view,
            notes_view.shown(visit.me),
            path=f"{NOTES}/{note.id}",
            about=note.name,
            turn="",
            documents={notes_view.DOCUMENT: (note.name, True)},
            instead=words.AT_AN_ACTIVITY,
        ),
    )


async def throw_away(visit: PersonVisit) -> Response:
    """POST /notes/{note}/throw-away. One that is gone already is no fault."""
    try:
        note, _ = await visit.features.notes.read(visit.actor, _id(visit))
    except NotFound:
        return RedirectResponse(NOTES, 303)
    await visit.features.notes.throw_away(visit.actor, note.id)
    return RedirectResponse(_back(note), 303)


def _id(visit: PersonVisit) -> str:
    id_: str = visit.request.path_params["note"]
    return id_


def _back(note: Note) -> str:
    return f"/conversations/{note.about_conversation}/prepare" if note.about_conversation else NOTES
