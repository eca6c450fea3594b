"""My password: changing it, with the one that I have now."""

from starlette.responses import RedirectResponse, Response

from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.rules.errors import (
    PasswordGuessable,
    PasswordLength,
    PasswordsDiffer,
    Refusal,
    TooManyAttempts,
    WrongOldPassword,
)
from server.rules.limits import PASSWORD_CHARACTERS_MIN

ADDRESS = "/password"


async def show(visit: PersonVisit) -> Response:
    """GET /password. ``changed``: it has just been."""
    return _page(visit)


async def change(visit: PersonVisit) -> Response:
    """POST /password with ``old``, ``new`` and ``again``. Nothing that was typed is shown again."""
    form = await read_form(visit.request)
    old, new = form.get("old", ""), form.get("new", "")
    if new != form.get("again", ""):
        return _page(visit, PasswordsDiffer())
    try:
        await visit.features.accounts.change_password(visit.session, old, new)
    except (PasswordLength, PasswordGuessable, WrongOldPassword, TooManyAttempts) as refusal:
        return _page(visit, refusal)
    return RedirectResponse(f"{ADDRESS}?changed=yes", 303)


def _page(visit: PersonVisit, refusal: Refusal | None = None) -> Response:
    view = visit.view()
    return visit.page(
        view,
        "my_password/page.html",
        refusal.status if refusal else 200,
        wrong=sentence_of(refusal, view) if refusal else "",
        wrong_is_old=isinstance(refusal, WrongOldPassword | TooManyAttempts),
        least=PASSWORD_CHARACTERS_MIN,
        is_changed="changed" in visit.request.query_params and refusal is None,
    )
