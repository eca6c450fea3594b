"""Naming another responsible, and the employee's answer on what goes over to that one.

Each is a form that needs no script and comes back with all that was typed and chosen.
"""

import base64
import binascii
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from crdt.errors import ProtocolError
from server.conversations import Conversation
from server.handover_answers import Answer
from server.pages import heading, turns
from server.pages.context import PersonVisit
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.handover_view import questions
from server.rules.access import State
from server.rules.errors import (
    AnswerMissing,
    NobodyResponsible,
    NoLongerPossible,
    NotFound,
    NotReadyToShare,
    NotYourself,
    OtherDeviceHasWritten,
    Refusal,
    ResponsibleAlready,
    SignedByName,
    TextTooLong,
)
from server.rules.limits import NAME_CHARACTERS_MAX, SEARCH_RESULTS_MAX

GOES, STAYS = "goes", "stays"
TO_REASSIGN = "/conversations/to-reassign"


@dataclass(frozen=True, slots=True)
class Typed:
    """The form that names another responsible, as it is shown."""

    person: str = ""
    """Id of whoever is chosen."""
    name: str = ""
    """What was typed to find somebody."""
    reason: str = ""


async def ask(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/responsible."""
    return await _page(visit, Typed())


async def hand_over(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/responsible with ``person``, ``reason``, ``name`` and ``step``."""
    form = await read_form(visit.request)
    typed = Typed(form.get("person", ""), form.get("name", "").strip(), form.get("reason", ""))
    if form.get("step") == "find":
        return await _page(visit, typed)
    before = await visit.features.handovers.see(visit.actor, turns.id_of(visit))
    try:
        await visit.features.handovers.reassign(visit.actor, before.id, typed.person, typed.reason)
    except (NobodyResponsible, ResponsibleAlready, NotYourself, SignedByName, TextTooLong) as refusal:
        return await _page(visit, typed, refusal)
    return RedirectResponse(await _next(visit, before), 303)


async def asked(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/handover: what the employee is asked."""
    return await _questions(visit, {})


async def answer(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/handover with ``part-{key}`` of each question, ``seen-{key}`` of her pane."""
    form = await read_form(visit.request)
    chosen = {name.removeprefix("part-"): form[name] for name in form if name.startswith("part-")}
    answers = {
        key: Answer(value == GOES, _vector(form.get(f"seen-{key}", "")))
        for key, value in chosen.items()
        if value in (GOES, STAYS)
    }
    try:
        await visit.features.handover_answers.answer(visit.actor, turns.id_of(visit), answers)
    except (AnswerMissing, OtherDeviceHasWritten, NotReadyToShare) as refusal:
        return await _questions(visit, chosen, refusal)
    except ProtocolError:
        # What the form said of her pane is nothing that it ever had: she looks at it again.
        return await _questions(visit, chosen, OtherDeviceHasWritten())
    return turns.done(visit)


async def _page(visit: PersonVisit, typed: Typed, refusal: Refusal | None = None) -> Response:
    conversation = await visit.features.handovers.see(visit.actor, turns.id_of(visit))
    # One more than is shown: then there are more.
    candidates = await visit.features.handovers.candidates(
        visit.actor, conversation.id, typed.person, typed.name, SEARCH_RESULTS_MAX + 1
    )
    view = visit.view(heading.zone(conversation))
    is_signed = conversation.state is State.FROZEN
    sentence = SignedByName() if is_signed else refusal
    return visit.page(
        view,
        "handover/page.html",
        refusal.status if refusal else 200,
        id=conversation.id,
        under=f"{conversation.template.name.to(view.locale)} · {heading.under(conversation, view)}",
        employee=conversation.employee,
        responsible=conversation.responsible,
        is_mine=conversation.responsible.id == visit.me.id,
        is_signed=is_signed,
        suggested=candidates.suggested,
        manager=conversation.employee.manager_id,
        found=view.by_name(candidates.found[:SEARCH_RESULTS_MAX]),
        there_are_more=len(candidates.found) > SEARCH_RESULTS_MAX,
        most=SEARCH_RESULTS_MAX,
        name_max=NAME_CHARACTERS_MAX,
        typed=typed,
        back=_back(visit, conversation),
        wrong=sentence_of(sentence, view) if sentence else "",
    )


def _back(visit: PersonVisit, conversation: Conversation) -> str:
    """Where whoever asks came from: HR does not see the conversation."""
    takes_part = visit.me.id in conversation.facts.parties
    return f"/conversations/{conversation.id}" if takes_part else TO_REASSIGN


async def _next(visit: PersonVisit, before: Conversation) -> str:
    """Where to go when it is done: whoever was responsible, to what is kept; HR, to the list."""
    if before.responsible.id != visit.me.id:
        return TO_REASSIGN
    try:
        await visit.features.formers.of(visit.actor, before.id)
    except NotFound:
        return "/"
    return f"/conversations/{before.id}/former"


async def _questions(visit: PersonVisit, chosen: dict[str, str], refusal: Refusal | None = None) -> Response:
    found = await visit.features.handover_answers.asked(visit.actor, turns.id_of(visit))
    conversation = found.conversation
    if not found.questions:
        raise NoLongerPossible
    view = visit.view(heading.zone(conversation))
    encoded = {each.key: base64.b64encode(each.state_vector).decode() for each in found.questions}
    return visit.page(
        view,
        "handover/answer.html",
        refusal.status if refusal else 200,
        id=conversation.id,
        responsible=conversation.responsible,
        questions=list(questions(found.questions, conversation, chosen, encoded, view)),
        wrong=sentence_of(refusal, view) if refusal else "",
    )


def _vector(encoded: str) -> bytes:
    """A state vector as the form had it; one of nothing for what it never had."""
    try:
        return base64.b64decode(encoded, validate=True) or b"\0"
    except binascii.Error:
        return b"\0"
