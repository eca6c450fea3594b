"""Which forms there are for somebody, and whether pay has one of its own (F44, F155, F159)."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from server import policy, templates
from server.people import Person
from server.policy import Policy
from server.template.format import ExcludedTopic, Template

PAY: Final = "pay"
"""The topic that a form names where pay has a conversation of its own (F155)."""


def forms(connection: Connection, person: Person, here: Policy) -> Iterator[Template]:
    """The forms for somebody; none for pay where it is talked of in the annual conversation (F159)."""
    for template in templates.available(connection, person):
        if not _is_combined(template, here):
            yield template


def excluded_topics(connection: Connection, template: Template) -> tuple[ExcludedTopic, ...]:
    """What belongs elsewhere than in this conversation (F96): pay too, unless it is talked of here (F159)."""
    topics = template.excluded_topics
    if template.kind != "annual" or not any(topic.id == PAY for topic in topics):
        return topics
    here = policy.get(connection)
    if not any(_is_combined(each, here) for each in templates.all_newest(connection)):
        return topics
    return tuple(topic for topic in topics if topic.id != PAY)


def _is_combined(template: Template, here: Policy) -> bool:
    """Whether it is a form for pay that is not used, since pay is talked of in the annual conversation."""
    return template.kind == "salary" and here.combines_pay(template.combined_with_annual)
