"""Rules of the organisation: a page on which HR or the system administrator sets everything of ``Policy``."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from server.pages import policy_view
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.policy_view import NAMES, TICKS
from server.policy import Policy
from server.rules.access import Action, OrganisationFacts, allowed
from server.rules.errors import ChangedMeanwhile, NotFound

ADDRESS = "/policy"


async def show(visit: PersonVisit) -> Response:
    """GET /policy."""
    _require_right(visit)
    now = await visit.features.policies.get()
    is_saved = visit.request.query_params.get("saved") == "yes"
    return _page(visit, policy_view.typed(now), now, is_saved=is_saved)


async def change(visit: PersonVisit) -> Response:
    """POST /policy with the fields of ``policy_view``, and ``seen``: what it was when the page was shown."""
    _require_right(visit)
    form = await read_form(visit.request)
    typed = {name: form.get(name, "") if name in TICKS else form.get(name, "").strip() for name in NAMES}
    now = await visit.features.policies.get()
    try:
        policy = Policy.model_validate(policy_view.body(typed))
    except ValidationError as invalid:
        faults = policy_view.faults(invalid, visit.view())
        return _page(visit, typed, now, faults, seen=form.get("seen", ""))
    try:
        await visit.features.policies.put(visit.actor, policy, seen=form.get("seen", ""))
    except ChangedMeanwhile as refusal:
        now = await visit.features.policies.get()
        return _page(visit, typed, now, {"": sentence_of(refusal, visit.view())})
    return RedirectResponse(f"{ADDRESS}?saved=yes", 303)


def _page(
    visit: PersonVisit,
    typed: Mapping[str, str],
    now: Policy,
    faults: Mapping[str, str] | None = None,
    *,
    seen: str = "",
    is_saved: bool = False,
) -> Response:
    context: dict[str, Any] = {
        "typed": typed,
        "faults": faults or {},
        "seen": seen or now.fingerprint,
        "is_saved": is_saved,
    }
    return visit.page(visit.view(), "policy/page.html", 409 if faults else 200, **context)


def _require_right(visit: PersonVisit) -> None:
    if not allowed(visit.actor, Action.SET_POLICY, OrganisationFacts()):
        raise NotFound
