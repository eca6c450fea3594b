"""Reading what was frozen, and signing it: what the conversation's address shows from the freeze on."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from server.conversations import Conversation
from server.documents import colour_of
from server.pages import conversation_view, heading, invitations_view, record_view, turns, turns_view
from server.pages.catalogues import LOCALES
from server.pages.context import PersonVisit
from server.pages.conversation_view import Seen
from server.pages.failures import sentence_of
from server.pages.forms import read_form
from server.pages.page_data import page_data
from server.pages.rendering import View
from server.people import Person
from server.record.format import Statement, moment
from server.records import Record
from server.rules.access import Action, State
from server.rules.errors import RecordChanged, Refusal, TextTooLong, TooManyAttempts, WrongPassword
from server.signing import WORDS


@dataclass(frozen=True, slots=True)
class Signer:
    """One who signs. ``details``: when it was, and what it says."""

    person: Person
    hand: str
    has_signed: bool
    sentence: str
    details: str
    comment: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A signature that was refused, with the sentence why, so that nothing of it is lost."""

    comment: str = ""
    refusal: Refusal | None = None


async def sign(visit: PersonVisit) -> Response:
    """POST /conversations/{id}/sign with ``sha256``, ``language``, ``comment`` and ``password``."""
    form = await read_form(visit.request)
    comment = form.get("comment", "")
    try:
        await visit.features.signing.sign(
            visit.actor,
            turns.id_of(visit),
            form.get("sha256", ""),
            form.get("language", ""),
            comment,
            form.get("password", ""),
        )
    except (WrongPassword, TooManyAttempts, TextTooLong, RecordChanged) as refusal:
        conversation = await turns.asked(visit, Action.SIGN)
        return await review(visit, conversation, Typed(comment, refusal))
    return turns.done(visit)


async def review(visit: PersonVisit, conversation: Conversation, typed: Typed | None = None) -> Response:
    """The frozen text as one page, who has signed it and who has not, and one's own signature."""
    typed = typed or Typed()
    records, version = visit.features.records, conversation.version
    is_closed = conversation.state is State.CLOSED
    # A record that is read is an event of the audit; what is still to be signed is not one yet.
    asked = records.open if is_closed else records.of
    frozen = await asked(visit.actor, conversation.id, version)
    view = visit.view(heading.zone(conversation))
    seen = Seen(visit.me, conversation, {})
    signed = {each.signer: each for each in frozen.statements}
    waiting = [one for one in seen.parties if one.id in conversation.facts.signers and one.id not in signed]
    can_sign = conversation.may(visit.actor, Action.SIGN) and visit.me.id not in signed
    present = await visit.features.invitations.gathering(visit.actor, conversation.id)
    kept = await visit.features.handover_answers.standing(visit.actor, conversation.id)
    settings, sign_rules = visit.features.settings, conversation.template.sign
    return visit.page(
        view,
        "signing/page.html",
        typed.refusal.status if typed.refusal else 200,
        id=conversation.id,
        former=kept.parts if kept else (),
        title=heading.title(seen, view),
        names=heading.names(conversation, view),
        meeting=heading.meeting_of(conversation, view),
        steps=conversation_view.steps(seen, view),
        turns=turns_view.turns(seen, (), view),
        guests=invitations_view.guests(conversation, present.guests, visit.me, view),
        news=_news(seen, frozen, view),
        sections=record_view.sections(frozen.content, view),
        signers=[
            _signer(conversation, one, signed.get(one.id), view)
            for one in seen.parties
            if one.id in conversation.facts.signers
        ],
        can_sign=can_sign,
        waits_for=waiting[0].first_name if waiting and visit.me.id in signed else "",
        statement=WORDS[sign_rules.meaning][view.locale],
        language_name=_language(view),
        is_closed=is_closed,
        can_download=is_closed and conversation.may(visit.actor, Action.DOWNLOAD_RECORD),
        record=f"/conversations/{conversation.id}/records/{version}",
        sha256=frozen.sha256,
        takes_comment=sign_rules.allow_comment_with_signature,
        comment=typed.comment,
        wrong=sentence_of(typed.refusal, view) if typed.refusal else "",
        demo_password=Markup("<code>{}</code>").format(settings.demo_password) if settings.demo else "",
        has_signed=visit.me.id in signed,
        island=page_data(seen, view, conversation_view.panes(seen, view), frozen.sha256),
    )


def _news(seen: Seen, frozen: Record, view: View) -> str:
    """Where it stands: who has asked to sign, or that it is over."""
    say = view.catalogue.say
    if frozen.closed_at is not None:
        when = view.days.when(frozen.closed_at)
        if frozen.statements:
            return say("The conversation is signed, %(when)s.", when=when)
        return say("The conversation is completed, %(when)s.", when=when)
    when = view.days.when(frozen.frozen_at)
    if frozen.frozen_by == seen.viewer.id:
        return say("You asked to sign, %(when)s.", when=when)
    name = next((one.first_name for one in seen.parties if one.id == frozen.frozen_by), "")
    return say("%(name)s has asked to sign, %(when)s.", name=name, when=when)


def _language(view: View) -> str:
    """The reader's language, as it is written inside a sentence of that language."""
    name = LOCALES[view.locale]
    return name if view.locale == "en" else name.lower()


def _signer(conversation: Conversation, person: Person, statement: Statement | None, view: View) -> Signer:
    say, hand = view.catalogue.say, colour_of(conversation, person.id)
    if statement is None:
        return Signer(
            person, hand, False, say("%(name)s has not signed yet.", name=person.first_name), "", ""
        )
    when = view.days.when(moment(statement.at))
    return Signer(
        person,
        hand,
        True,
        say("%(name)s has signed.", name=person.first_name),
        f"{when[:1].upper()}{when[1:]}. {statement.words}",
        statement.comment,
    )
