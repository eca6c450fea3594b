"""My letters: what was sent to me by e-mail, or would have been if there were a mail server."""

from starlette.responses import Response

from server.calendar import method
from server.pages.context import PersonVisit
from server.pages.letters_view import written


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
                written(letter, view.catalogue, settings.address),
                view.days.exactly(letter.made_at),
                view.days.exactly(letter.sent_at) if letter.sent_at else None,
                method(letter) is not None,
            )
            for letter in found
        ],
        mails=settings.mail_server is not None,
    )
