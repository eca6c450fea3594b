"""What a conversation is for, how one is held, which forms there are (F101–F105, F120, F162–F163)."""

from functools import partial

from starlette.responses import Response

from server import advice, templates
from server.pages.context import PersonVisit
from server.pages.rendering import View
from server.policy import Policy


async def show(visit: PersonVisit) -> Response:
    """GET /guidance."""
    view = visit.view()
    forms = await visit.features.database.read(partial(templates.available, person=visit.me))
    policy = await visit.features.policies.get()
    told = advice.read()
    return visit.page(
        view,
        "guidance/page.html",
        to_employees=[piece.to(view.locale) for piece in told.employee],
        to_managers=[piece.to(view.locale) for piece in told.manager],
        forms=[
            (form.name.to(view.locale), form.description.to(view.locale) if form.description else "")
            for form in forms
        ],
        policy=policy,
        requirement=_requirement(policy, view),
    )


def _requirement(policy: Policy, view: View) -> list[str]:
    """Who is to have a conversation; nothing where nobody must."""
    if not policy.annual_required:
        return []
    say_number = view.catalogue.say_number
    return [
        say_number(
            "Everybody has one every month.",
            "Everybody has one at least every %(num)s months.",
            policy.required_every_months,
        ),
        say_number(
            "For a temporary employment this holds from one month.",
            "For a temporary employment this holds from %(num)s months.",
            policy.required_from_months,
        ),
    ]
