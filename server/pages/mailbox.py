"""My letters: what was sent to me by e-mail, or would have been if there were a mail server."""

from starlette.responses import Response

from server import mail_server
from server.calendar import event as calendar_event
from server.calendar import method
from server.letter_format import Appointment, Letter, Party
from server.pages import material_view
from server.pages.context import PersonVisit
from server.pages.downloads import download
from server.pages.letters_view import written
from server.rules.errors import NotFound


async def show(visit: PersonVisit) -> Response:
    """GET /mailbox."""
    view = visit.view()
    settings = visit.features.settings
    found = await visit.features.letters.to(visit.actor)
    return visit.page(
        view,
        "mailbox/page.html",
        letters=[
            (
                letter.id,
                written(letter, view.catalogue, settings.address),
                view.days.exactly(letter.made_at),
                view.days.exactly(letter.sent_at) if letter.sent_at else None,
                method(letter) is not None,
                _encloses(letter),
            )
            for letter in found
        ],
        mails=settings.mail_server is not None,
    )


async def material(visit: PersonVisit) -> Response:
    """GET /mailbox/{letter}/material.pdf: what is enclosed in a letter to me."""
    letter = await _letter(visit)
    features = visit.features
    view = visit.view()
    files = await material_view.enclosed(
        letter, view.catalogue, features.templates.get, features.records.unsealed_paper
    )
    if not files:
        raise NotFound
    return download(files[0].content, "application/pdf", files[0].name)


async def event(visit: PersonVisit) -> Response:
    """GET /mailbox/{letter}/event.ics: the calendar event that goes with a letter to me."""
    letter = await _letter(visit)
    if method(letter) is None:
        raise NotFound
    settings = visit.features.settings
    view = visit.view()
    told = written(letter, view.catalogue, settings.address)
    # Without a mail server there is nobody whom a calendar could answer: the organizer only has a name.
    sender = mail_server.sender(settings.mail_from or "Samsyn <samsyn@samsyn.invalid>")
    organizer = Party("", sender.display_name, sender.addr_spec)
    made = calendar_event(letter, organizer, told.summary, told.description, told.url)
    return download(made, f"text/calendar; method={method(letter)}; charset=utf-8", "event.ics")


async def _letter(visit: PersonVisit) -> Letter:
    return await visit.features.letters.one_to(visit.actor, visit.request.path_params["letter"])


def _encloses(letter: Letter) -> bool:
    return isinstance(letter.about, Appointment) and letter.about.material is not None
