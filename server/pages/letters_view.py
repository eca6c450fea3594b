"""A letter as it goes out: plain text, HTML, the words of its calendar event, and what is enclosed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from markupsafe import Markup

from server.calendar import one_line
from server.letter_format import Letter
from server.mail import Written
from server.pages.catalogues import Catalogue
from server.pages.letter_words import CHOICES, said
from server.pages.material_view import GetTemplate, Paper, enclosed

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
CHOICE = Markup(
    '<p style="margin:0 0 8px;color:#55625e;font-size:14px">{} '
    '<a href="{}" style="color:#1c5d51">{}</a></p>\n'
)


def writer(
    catalogues: Mapping[str, Catalogue], address: str, get_template: GetTemplate, paper: Paper
) -> Callable[[Letter], Awaitable[Written]]:
    """Return what writes letters. ``address`` is where people find the server."""

    async def write(letter: Letter) -> Written:
        catalogue = catalogues[letter.locale]
        files = await enclosed(letter, catalogue, get_template, paper)
        return replace(written(letter, catalogue, address), enclosed=files)

    return write


def written(letter: Letter, catalogue: Catalogue, address: str) -> Written:
    """Write one letter, without what is enclosed. The same letter always reads the same."""
    say = catalogue.say
    told = said(letter, catalogue)
    url = address + told.path
    foot = say("Samsyn has sent this. Answers to it are read by nobody.")
    hello = say("Hello %(name)s,", name=one_line(letter.to.name))
    text, body = [hello, *told.told], [PARAGRAPH.format(each) for each in (hello, *told.told)]
    if told.facts:
        text.append("\n".join(f"{label}: {words}" for label, words in told.facts))
        body.append(FACTS.format(Markup("").join(FACT.format(*fact) for fact in told.facts)))
    text.append(url)
    body.append(LINK.format(url, told.link))
    if told.after:
        text.append(told.after)
        body.append(PARAGRAPH.format(told.after))
    small = foot
    if told.choice:
        choices = address + CHOICES
        small = f"{told.choice} {choices}\n{foot}"
        body.append(CHOICE.format(told.choice, choices, choices))
    body.append(SMALL.format(foot))
    return Written(
        subject=told.subject,
        text="\n\n".join([*text, f"-- \n{small}\n"]),
        html=PAGE.format(locale=catalogue.locale, subject=told.subject, body=Markup("").join(body)),
        summary=told.event,
        description="\n".join((*told.told[:1], url)),
        url=url,
    )
