"""The settings in the console: the shop, and its brand."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, request, url_for
from flask_babel import gettext as _

from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.merchants.registry import Record
from saas.web import colours
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from tenants.card import theme
from tenants.locations import operations as locations
from tenants.settings import location_views, logos, operations, queries
from tenants.settings.blueprint import bp
from tenants.settings.forms import COLOUR, ColourForm, LogoForm, ShopForm
from tenants.settings.operations import Shop

__all__ = ["bp", "location_views"]  # importing the locations' pages is what puts them on the blueprint


@bp.get("")
@requires("settings.manage", on="nothing")
def show() -> Response:
    """What the registry says of the shop, to change."""
    return _shop(_shop_form())


@bp.post("")
@requires("settings.manage", on="nothing")
def update() -> Response:
    """Keep it."""
    form = _shop_form()
    if not form.validate():
        return _shop(form, status=422)
    shop = Shop(
        name=form.name.data,
        category=form.category.data,
        country=form.country.data,
        currency=form.currency.data if "currency" in form else None,
        time_zone=form.time_zone.data,
        language=form.language.data,
        languages=form.offered(),
        member_contact=form.member_contact.data,
        is_contact_required=form.is_contact_required.data and form.member_contact.data != "none",
        is_birthday_asked=form.is_birthday_asked.data,
        is_counter_code_on=form.is_counter_code_on.data,
        is_member_code_on=form.is_member_code_on.data,
    )
    with transaction(PLATFORM):
        operations.save_shop(g.merchant.id, shop)
    registry.forget(g.merchant.slug)
    return done("settings.show", _("Saved."))


@bp.get("/brand")
@requires("settings.manage", on="nothing")
def brand() -> Response:
    """Colour and logo; with `colour`, how a card of that colour would look, shown while it is chosen."""
    with transaction(PLATFORM):
        merchant = operations.fresh(g.merchant.id)
    wanted = request.args.get("colour", "").strip().lower()
    colour = wanted if COLOUR.fullmatch(wanted) else merchant.brand_colour
    return _brand(ColourForm(formdata=None, data={"colour": colour}), LogoForm(formdata=None), merchant)


@bp.post("/brand")
@requires("settings.manage", on="nothing")
def update_brand() -> Response:
    """Keep the colour, whatever it is: text on it is made readable, and the page says how."""
    form = ColourForm()
    if not form.validate():
        return _brand(form, LogoForm(formdata=None), g.merchant, status=422)
    with transaction(PLATFORM):
        operations.save_colour(g.merchant.id, form.colour.data)
    registry.forget(g.merchant.slug)
    found = contrast(form.colour.data)
    if found["is_changed"]:
        words = _(
            "Saved. Text is hard to read on this colour, so cards use %(colour)s.",
            colour=found["theme"].brand,
        )
        return done("settings.brand", words)
    return done("settings.brand", _("Saved."))


@bp.post("/logo")
@requires("settings.manage", on="nothing")
def upload_logo() -> Response:
    """Decode, scale and encode the picture again, keep it, and tell the registry its version."""
    form = LogoForm()
    try:
        content = logos.encode(logos.read(request.files.get("logo")))
    except Refusal as refusal:
        form.logo.errors = [str(refusal)]
        colour = ColourForm(formdata=None, data={"colour": g.merchant.brand_colour})
        return _brand(colour, form, g.merchant, status=422)
    version = logos.version_of(content)
    with transaction(g.merchant.binding):
        locations.keep_logo(content, version, utcnow())
    _tell_logo(version)
    return done("settings.brand", _("The logo is on your cards now."))


@bp.post("/logo/removal")
@requires("settings.manage", on="nothing")
def remove_logo() -> Response:
    """Take the logo off the cards."""
    _tell_logo(None)
    with transaction(g.merchant.binding):
        locations.remove_logo()
    return done("settings.brand", _("The logo is gone."))


def contrast(colour: str) -> dict[str, Any]:
    """How text reads on a colour: the theme made of it, the ratio on the colour as chosen and as shown."""
    made = theme.make(colour)
    ink = colours.parse(made.ink)
    return {
        "theme": made,
        "chosen": colours.contrast(colours.parse(colour), ink),
        "shown": colours.contrast(colours.parse(made.brand), ink),
        "is_changed": made.brand != colour,
    }


def _shop_form() -> ShopForm:
    with transaction(PLATFORM):
        merchant = operations.fresh(g.merchant.id)
    with transaction(g.merchant.binding):
        is_locked = queries.has_purchases()
    return ShopForm(merchant, is_locked)


def _shop(form: ShopForm, status: int = 200) -> Response:
    base_url = current_app.extensions["regulars"].settings.base_url
    address = base_url + url_for("card.show")
    return render("tenants/settings/shop.html", block="form", status=status, form=form, address=address)


def _brand(colour: ColourForm, logo: LogoForm, merchant: Record, status: int = 200) -> Response:
    shown = colour.colour.data if COLOUR.fullmatch(colour.colour.data or "") else merchant.brand_colour
    return render(
        "tenants/settings/brand.html",
        block="contrast",
        status=status,
        form=colour,
        logo_form=logo,
        merchant=merchant,
        contrast=contrast(shown),
    )


def _tell_logo(version: str | None) -> None:
    with transaction(PLATFORM):
        operations.set_logo_version(g.merchant.id, version)
    registry.forget(g.merchant.slug)
