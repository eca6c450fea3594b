"""What a letter says, in its receiver's language: as plain text, as HTML and as a calendar event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from server.calendar import method, one_line
from server.letters import Kind, Letter
from server.mail import Written
from server.pages.catalogues import Catalogue
from server.pages.context import DEFAULT_ZONE
from server.pages.dates import Days

PAGE = Markup(
    '<!doctype html>\n<html lang="{locale}">\n<head><meta charset="utf-8"><title>{subject}</title></head>\n'
    '<body style="margin:0;padding:24px;background:#f6f2ea;color:#22302c;font:16px/1.5 sans-serif">\n'
    '<div style="max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px">\n'
    "{body}</div>\n</body>\n</html>\n"
)
PARAGRAPH = Markup('<p style="margin:0 0 16px">{}</p>\n')
FACTS = Markup('<table role="presentation" style="margin:0 0 16px;border-spacing:0">\n{}</table>\n')
FACT = Markup(
    '<tr><th scope="row" style="padding:2px 16px 2px 0;text-align:left;vertical-align:top">{}</th>'
    '<td style="padding:2px 0">{}</td></tr>\n'
)
LINK = Markup(
    '<p style="margin:0 0 16px"><a href="{}" style="display:inline-block;padding:10px 18px;'
    'background:#1c5d51;color:#ffffff;border-radius:6px">{}</a></p>\n'
)
SMALL = Markup('<p style="margin:0;color:#55625e;font-size:14px">{}</p>\n')


def writer(catalogues: Mapping[str, Catalogue], address: str) -> Callable[[Letter], Written]:
    """Return what writes letters. ``address`` is where people find the server."""
    return lambda letter: written(letter, catalogues[letter.locale], address)


def written(letter: Letter, catalogue: Catalogue, address: str) -> Written:
    """Write one letter. The same letter always reads the same."""
    say = catalogue.say
    days = Days(catalogue, letter.made_at, ZoneInfo(letter.time_zone or DEFAULT_ZONE))
    template = one_line(letter.template[catalogue.locale])
    names = {"employee": one_line(letter.employee.name), "responsible": one_line(letter.responsible.name)}
    between = say("%(employee)s and %(responsible)s", **names)
    when = days.exactly(letter.meeting_at) if letter.meeting_at else None
    subject = _subject(letter, catalogue, template, when)
    told = _told(letter, catalogue, names)
    facts = [(say("Conversation"), template), *_facts(letter, catalogue, days)]
    url = f"{address}/conversations/{letter.conversation}"
    event = _about_event(letter, catalogue)
    foot = say("Samsyn has sent this. Answers to it are read by nobody.")
    hello = say("Hello %(name)s,", name=one_line(letter.to.name))

    text = [hello, told, "\n".join(f"{label}: {words}" for label, words in facts), url]
    body = [
        PARAGRAPH.format(hello),
        PARAGRAPH.format(told),
        FACTS.format(Markup("").join(FACT.format(*fact) for fact in facts)),
        LINK.format(url, say("Open the conversation")),
    ]
    if event:
        text.append(event)
        body.append(PARAGRAPH.format(event))
    return Written(
        subject=subject,
        text="\n\n".join([*text, f"-- \n{foot}\n"]),
        html=PAGE.format(
            locale=catalogue.locale, subject=subject, body=Markup("").join([*body, SMALL.format(foot)])
        ),
        summary=f"{template}: {between}",
        description=f"{told}\n{url}",
        url=url,
    )


def _subject(letter: Letter, catalogue: Catalogue, template: str, when: str | None) -> str:
    say = catalogue.say
    if letter.kind is Kind.CALLED_OFF:
        return say("Called off: %(conversation)s", conversation=template)
    planned = f"{template}, {when}" if when else template
    if letter.kind is Kind.MOVED:
        return say("Changed: %(conversation)s", conversation=planned)
    return say("Invitation: %(conversation)s", conversation=planned)


def _told(letter: Letter, catalogue: Catalogue, names: Mapping[str, str]) -> str:
    say = catalogue.say
    match letter.kind:
        case Kind.INVITED:
            return say("%(employee)s and %(responsible)s are going to have a conversation.", **names)
        case Kind.MOVED:
            return say(
                "The conversation of %(employee)s and %(responsible)s has a new time or place.", **names
            )
        case Kind.CALLED_OFF:
            return say("The conversation of %(employee)s and %(responsible)s will not take place.", **names)


def _facts(letter: Letter, catalogue: Catalogue, days: Days) -> list[tuple[str, str]]:
    """When and where, each with its label."""
    say = catalogue.say
    found: list[tuple[str, str]] = []
    if letter.meeting_at:
        found.append((say("When"), days.exactly(letter.meeting_at)))
    if _is_moved(letter.before_at, letter.meeting_at) and letter.before_at:
        found.append((say("Before"), days.exactly(letter.before_at)))
    if place := one_line(letter.place):
        found.append((say("Where"), place))
    return found


def _is_moved(before: datetime | None, now: datetime | None) -> bool:
    return before is not None and before != now


def _about_event(letter: Letter, catalogue: Catalogue) -> str | None:
    """What to know of the calendar event that goes with the letter; None without one."""
    if method(letter) is None:
        return None
    if letter.kind is Kind.CALLED_OFF:
        return catalogue.say("With this your calendar can remove the event.")
    if letter.kind is Kind.MOVED:
        return catalogue.say("With this your calendar can move the event that it has.")
    return catalogue.say(
        "With this your calendar can keep the time. If the time is moved, the event follows."
    )
