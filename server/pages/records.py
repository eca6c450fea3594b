"""A record as a page, on paper and in a bundle; a draft on paper; a signer's receipt; the public key."""

import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from server.pages import heading, record_view, record_words
from server.pages.context import PersonVisit, Visit
from server.pages.downloads import download
from server.pages.rendering import View
from server.record.bundle import bundle
from server.record.digests import for_people
from server.record.sheet import Sheet
from server.records import Record
from server.rules.access import Action
from server.rules.errors import NotFound

if TYPE_CHECKING:
    from server.record.sealing import OrganisationSeal

KEY_ADDRESS = "/.well-known/samsyn-key"
VERSION = re.compile(r"[1-9][0-9]{0,8}")


async def newest(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/record: the newest record."""
    id_ = visit.request.path_params["id"]
    found = await visit.features.records.versions(visit.actor, id_)
    if not found:
        raise NotFound
    return RedirectResponse(f"/conversations/{id_}/records/{found[0].number}", 303)


async def show(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/records/{version}."""
    record = await visit.features.records.open(visit.actor, *_named(visit))
    versions = await visit.features.records.versions(visit.actor, record.conversation.id)
    view = visit.view(heading.zone(record.conversation))
    return visit.page(
        view,
        "record/page.html",
        id=record.conversation.id,
        version=record.version,
        versions=[each.number for each in versions],
        sheet=_sheet(record, view),
        sha256=for_people(record.sha256),
        can_download=record.sealed is not None
        and record.conversation.may(visit.actor, Action.DOWNLOAD_RECORD),
        has_signed=record.statement_of(visit.me.id) is not None,
        is_closed=record.closed_at is not None,
        key_address=KEY_ADDRESS,
    )


async def receipt(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/records/{version}/receipt: what one has signed oneself."""
    record = await visit.features.records.of(visit.actor, *_named(visit))
    statement = record.statement_of(visit.me.id)
    if statement is None:
        raise NotFound
    seal = await visit.features.records.seal()
    view = visit.view(heading.zone(record.conversation))
    return visit.page(
        view,
        "record/receipt.html",
        id=record.conversation.id,
        version=record.version,
        sheet=_sheet(record, view),
        mine=record_view.signature(statement, view),
        sha256=for_people(record.sha256),
        fingerprint=for_people(record.fingerprint or seal.fingerprint),
        key_address=KEY_ADDRESS,
    )


async def pdf(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/records/{version}.pdf."""
    record, seal = await visit.features.records.download(visit.actor, *_named(visit), "pdf")
    view = visit.view(heading.zone(record.conversation))
    return download(await _paper(visit, record, seal, view), "application/pdf", f"{_name(record, view)}.pdf")


async def packed(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/records/{version}.zip: everything, and how to verify it."""
    record, seal = await visit.features.records.download(visit.actor, *_named(visit), "bundle")
    view = visit.view(heading.zone(record.conversation))
    paper = await _paper(visit, record, seal, view)
    instructions = record_words.instructions(_key_address(visit), view)
    made = await run_in_threadpool(bundle, record.sealed or b"", paper, record.certificate, instructions)
    return download(made, "application/zip", f"{_name(record, view)}.zip")


async def draft(visit: PersonVisit) -> Response:
    """GET /conversations/{id}/draft.pdf: as it stands, without a seal."""
    found = await visit.features.records.draft(visit.actor, visit.request.path_params["id"])
    view = visit.view(heading.zone(found.conversation))
    sheet = record_view.sheet(found.content, (), view, is_draft=True)
    words = record_words.draft(sheet, view)
    made = await visit.features.records.paper(sheet, words, "", None)
    name = f"{view.catalogue.say('Draft')} {found.content.employee.name}.pdf"
    return download(made, "application/pdf", name)


async def key(visit: Visit) -> Response:
    """GET /.well-known/samsyn-key: the fingerprint to compare, and the certificate. For anybody."""
    seal = await visit.features.records.seal()
    return PlainTextResponse(
        f"SHA-256 of the public key: {for_people(seal.fingerprint)}\n\n{seal.certificate}",
        headers={"Cross-Origin-Resource-Policy": "cross-origin"},
    )


async def _paper(visit: Visit, record: Record, seal: "OrganisationSeal", view: View) -> bytes:
    sheet = _sheet(record, view)
    keys = (record.fingerprint, seal.fingerprint)
    words = record_words.record(sheet, record.sha256, keys, _key_address(visit), view)
    return await visit.features.records.paper(sheet, words, record.sha256, seal)


def _sheet(record: Record, view: View) -> Sheet:
    return record_view.sheet(record.content, record.statements, view, closed_at=record.closed_at)


def _named(visit: PersonVisit) -> tuple[str, int]:
    """The conversation and the version that the address names. Raises NotFound."""
    version = visit.request.path_params["version"]
    if not VERSION.fullmatch(version):
        raise NotFound
    return visit.request.path_params["id"], int(version)


def _key_address(visit: Visit) -> str:
    return visit.features.settings.address + KEY_ADDRESS


def _name(record: Record, view: View) -> str:
    """``Annual conversation Maja Öberg 2026-11-26``."""
    content = record.content
    day = view.days.of(record.closed_at or record.frozen_at).isoformat()
    return f"{content.template.name.get(view.locale, content.template.id)} {content.employee.name} {day}"
