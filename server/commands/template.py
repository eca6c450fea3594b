"""``samsyn template``: what conversations ask, checked and added version by version."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from server.commands.ground import Ground, Misuse, now, run, said
from server.commands.yaml_files import yaml_in
from server.faults import Fault
from server.places import YamlFile
from server.rules.access import OPERATOR, Pane
from server.rules.errors import NoLongerPossible
from server.template import format as template_format
from server.template.format import Template, TemplateInvalid
from server.templates import Templates

template = typer.Typer(
    help="Check what conversations ask, and add it.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The template, below the key `template`.")]

KEY = "template"
"""The one key of the file, with the whole template below it."""


@template.command()
def check(file: File) -> None:
    """Check a template, without a database.

    Everything wrong with it is said at once: the line, the path and a sentence for each fault. Otherwise one
    line says what it is.
    """
    with said():
        written = yaml_in(file)
        body = _body(file, written)
        print(_summary(_checked(written, body)))


@template.command()
def add(file: File) -> None:
    """Check a template and add it as a new version.

    Versions are counted from 1 and never changed: a conversation keeps the one that it was made with. The
    sample organisation's templates are whole ones to start from: server/demo/template_*.yaml where Samsyn is
    installed.
    """
    run(lambda ground: _add(ground, file))


async def _add(ground: Ground, file: Path) -> None:
    written = yaml_in(file)
    body = _body(file, written)
    _checked(written, body)
    templates = Templates(ground.database, now)
    try:
        added = await templates.add(OPERATOR, body)
    except TemplateInvalid as invalid:
        raise _misuse(written, *invalid.errors) from None
    except NoLongerPossible:
        newest = await templates.newest(body["id"])
        sentence = f"The next version of {body['id']} is {newest + 1}, and the file says {body['version']}."
        raise _misuse(written, Fault("version", sentence)) from None
    print(f"Added version {added.version} of {added.id}, in {ground.place}.")


def _body(file: Path, written: YamlFile) -> dict[str, Any]:
    told = written.value
    if not isinstance(told, dict) or list(told) != [KEY] or not isinstance(told[KEY], dict):
        raise Misuse(f"{file} must have one key, {KEY}, and the whole template below it.")
    body: dict[str, Any] = told[KEY]
    return body


def _checked(written: YamlFile, body: dict[str, Any]) -> Template:
    """The template, if nothing at all is wrong with it. Raises Misuse."""
    try:
        made = template_format.read(body)
    except TemplateInvalid as invalid:
        raise _misuse(written, *invalid.errors) from None
    if written.repeated:
        raise _misuse(written)
    return made


def _misuse(written: YamlFile, *faults: Fault) -> Misuse:
    """Every fault with its line, in the order of the file, keys that stand twice among them."""
    repeated = [replace(each, path=each.path.removeprefix(f"{KEY}.")) for each in written.repeated]
    located = [*(written.located(fault, KEY) for fault in faults), *repeated]
    return Misuse(*map(str, sorted(located, key=lambda fault: fault.line or 0)))


def _summary(made: Template) -> str:
    """``arssamtal-tre-rutor, version 1: 5 sections, 8 questions …``"""
    questions = [element for element in made.elements if element.answers]
    panes = [pane for pane in Pane if any(pane in element.lives_in for element in questions)]
    plan = " and an action plan" if made.action_plan else ""
    told = [
        f"{_counted(len(made.sections), 'section')}{plan}, {_counted(len(questions), 'question')}",
        f"panes: {', '.join(panes)}",
        _sharing(made),
        f"signed by {' and '.join(made.sign.signers)}"
        if made.sign.enabled
        else f"not signed, completed by the {made.completes}",
    ]
    return f"{made.id}, version {made.version}: {'; '.join(told)}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _sharing(made: Template) -> str:
    if not made.shares:
        return "both read everything from the start"
    return "shared, opened together" if made.reveals_together else "shared, opened each on its own"
