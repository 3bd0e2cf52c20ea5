"""The poster in the console: the sheet to print, the PDF, the QR code as a file, and "it is printed"."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Response, abort, current_app, g, make_response, request, url_for
from flask_babel import gettext as _

from saas.merchants import operations as merchants
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.i18n import LANGUAGES
from saas.web.render import done, render
from tenants.locations import queries as locations
from tenants.programs import poster, poster_pdf, queries
from tenants.programs.blueprint import bp
from tenants.programs.poster_mark import Mark

QR_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Choice:
    """What the address asks for: a format and one of the merchant's languages."""

    paper: str
    language: str


@bp.get("/<uuid:program_id>/poster", endpoint="poster")
@requires("programs.view")
def show_poster(program_id: UUID) -> Response:
    """The sheet as it will be printed, in a format and a language that are chosen here."""
    program, choice = queries.found(program_id), _choice()
    return render(
        "tenants/programs/poster.html",
        program=program,
        choice=choice,
        formats=poster.FORMATS,
        languages=[(code, LANGUAGES[code]) for code in _languages()],
        texts=_texts(program_id, choice.language),
        icon_name=queries.terms_of(program).icon,
        long_shop=poster.LONG_SHOP,
        address=address(),
        qr=poster.qr_of(address()),
        theme_url=url_for("card.theme"),
    )


@bp.get("/<uuid:program_id>/poster.pdf", endpoint="poster_pdf")
@requires("programs.view")
def poster_sheet(program_id: UUID) -> Response:
    """The sheet as a PDF."""
    choice, logo = _choice(), locations.logo()
    mark = Mark(queries.terms_of(queries.found(program_id)).icon, logo.content if logo else None)
    colours = poster.palette(g.merchant.brand_colour)
    content = poster_pdf.write(_texts(program_id, choice.language), address(), colours, choice.paper, mark)
    return _file(content, "application/pdf", f"{g.merchant.slug}-{choice.paper}-{choice.language}.pdf")


@bp.get("/<uuid:program_id>/qr.<any(svg, png):kind>")
@requires("programs.view")
def qr(program_id: UUID, kind: str) -> Response:
    """The QR code alone, for a designer or a website."""
    queries.found(program_id)
    return _file(poster.qr_file(address(), kind), QR_TYPES[kind], f"{g.merchant.slug}-qr.{kind}")


@bp.post("/<uuid:program_id>/poster/printing")
@requires("programs.view", on="platform")
def printed(program_id: UUID) -> Response:
    """The person says that the poster is printed; it ticks off a step of the first days."""
    merchants.mark_poster_printed(g.merchant.id, utcnow())
    return done("programs.poster", _("Well done. Put it where people pay."), program_id=program_id)


def address() -> str:
    """The public address of the merchant's card, as the QR code holds it."""
    return str(current_app.extensions["regulars"].settings.base_url + url_for("card.show"))


def _languages() -> list[str]:
    offered = [g.merchant.language, *g.merchant.languages]
    return [code for code in dict.fromkeys(offered) if code in LANGUAGES]


def _choice() -> Choice:
    """What the address asks for; 404 for a format or language that there isn't."""
    paper, language = request.args.get("format", "a4"), request.args.get("language", g.merchant.language)
    if paper not in poster.FORMATS or language not in LANGUAGES:
        abort(404)
    return Choice(paper, language)


def _texts(program_id: UUID, language: str) -> poster.Words:
    terms = queries.terms_of(queries.found(program_id))
    return poster.words(g.merchant.name, terms, g.merchant.currency, language)


def _file(content: bytes, kind: str, name: str) -> Response:
    response = make_response(content)
    response.mimetype = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
