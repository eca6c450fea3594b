"""What is kept of the time before a handover: as a page, on paper, and gone when its owner says so."""

from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from server.former import Former, Part
from server.pages import heading, record_view, record_words, turns
from server.pages.as_read import as_record
from server.pages.context import PersonVisit
from server.pages.conversation import pane_of
from server.pages.downloads import download
from server.pages.handover_view import PartSeen, parts
from server.pages.rendering import View
from server.rules.errors import NotFound


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/former."""
    former = await visit.features.formers.of(visit.actor, turns.id_of(visit))
    conversation = former.conversation
    view = visit.view(heading.zone(conversation))
    versions = await visit.features.records.versions(visit.actor, conversation.id) if former.is_past else ()
    if not former.parts and not versions:
        raise NotFound
    return visit.page(
        view,
        "former/page.html",
        id=conversation.id,
        name=conversation.template.name.to(view.locale),
        employee=conversation.employee,
        responsible=conversation.responsible,
        is_past=former.is_past,
        is_employee=visit.me.id == conversation.employee.id,
        parts=parts(former.parts, conversation, visit.actor, view),
        versions=[each.number for each in versions],
    )


async def paper(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/former/{handover}/{pane}.pdf."""
    former = await visit.features.formers.of(visit.actor, turns.id_of(visit))
    view = visit.view(heading.zone(former.conversation))
    part, seen = _named(visit, former, view)
    content = as_record(former.conversation, part.pane, part.content, view, part.predecessor)
    sheet = replace(
        record_view.sheet(content, (), view, is_draft=True),
        state=view.catalogue.say("%(what)s. Not part of a record.", what=seen.title),
        sections=seen.sections,
    )
    made = await visit.features.records.unsealed_paper(sheet, record_words.draft(sheet, view))
    return download(made, "application/pdf", f"{seen.title} {former.conversation.employee.name}.pdf")


async def remove(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/former/{handover}/{pane}/remove."""
    id_, handover = turns.id_of(visit), visit.request.path_params["handover"]
    await visit.features.formers.remove(visit.actor, id_, handover, pane_of(visit))
    try:
        await visit.features.formers.of(visit.actor, id_)
    except NotFound:
        return RedirectResponse("/", 303)
    return RedirectResponse(f"/conversations/{id_}/former", 303)


def _named(visit: PersonVisit, former: Former, view: View) -> tuple[Part, PartSeen]:
    """The part that the address names. Raises NotFound."""
    wanted = visit.request.path_params["handover"], pane_of(visit)
    seen = parts(former.parts, former.conversation, visit.actor, view)
    for part, each in zip(former.parts, seen, strict=True):
        if (part.handover, part.pane) == wanted:
            return part, each
    raise NotFound
