"""``samsyn template``: one version of what conversations ask."""

from pathlib import Path
from typing import Annotated

import typer

from server.commands.ground import Ground, Misuse, now, run, yaml_in
from server.rules.access import OPERATOR
from server.rules.errors import NoLongerPossible
from server.template_format import TemplateInvalid
from server.templates import Templates


def template(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.yaml", help="The template, below the key `template`.")
    ],
) -> None:
    """Check a template and add it as a new version.

    Versions are counted from 1 and never changed: a conversation keeps the one that it was made with. The
    sample organisation's template is a whole one to start from: server/demo/template_annual_three_panes.yaml
    where Samsyn is installed.
    """
    run(lambda ground: _add(ground, file))


async def _add(ground: Ground, file: Path) -> None:
    told = yaml_in(file)
    if not isinstance(told, dict) or list(told) != ["template"] or not isinstance(told["template"], dict):
        raise Misuse(f"{file} must have one key, template, and the whole template below it.")
    body = told["template"]
    templates = Templates(ground.database, now)
    try:
        added = await templates.add(OPERATOR, body)
    except TemplateInvalid as invalid:
        raise Misuse(*map(str, invalid.errors)) from None
    except NoLongerPossible:
        newest = await templates.newest(body["id"])
        raise Misuse(
            f"version: The next version of {body['id']} is {newest + 1}, and the file says {body['version']}."
        ) from None
    print(f"Added version {added.version} of {added.id}, in {ground.place}.")
