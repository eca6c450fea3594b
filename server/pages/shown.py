"""What a conversation shows without asking for it, in the language of whoever looks."""

from collections.abc import Sequence
from functools import partial

from server import availability, people, sources
from server.conversations import Conversation
from server.pages.context import PersonVisit
from server.template.format import Template
from server.template.parts import Source


async def shown_sources(visit: PersonVisit, conversation: Conversation) -> dict[Source, tuple[str, ...]]:
    """Each source of the conversation's template, and the unit's goals in any case."""
    goals = await visit.features.database.read(partial(people.unit_goals, unit=conversation.employee.unit))
    resolved = await visit.features.database.read(partial(sources.resolved, conversation=conversation))
    every: dict[Source, Sequence[sources.Shown]] = {**resolved, Source.UNIT_GOALS: goals}
    return {
        source: tuple(each if isinstance(each, str) else each[visit.me.locale] for each in texts)
        for source, texts in every.items()
    }


async def hints(visit: PersonVisit, template: Template) -> list[str]:
    """What does not belong in a conversation by this form, and where it does (F96, F155)."""
    topics = await visit.features.database.read(partial(availability.excluded_topics, template=template))
    return [topic.hint.to(visit.me.locale) for topic in topics]
