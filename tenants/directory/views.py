"""Members in the console: the list and its file, a member with cards and history, adding and editing."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, g, request
from flask_babel import gettext as _

from saas.db import db, new_id
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import done, render
from tenants.card import history, holdings
from tenants.coupons import cards as coupons
from tenants.coupons import queries as coupon_queries
from tenants.directory import adjustments, export, profile, queries, tags
from tenants.directory.blueprint import bp
from tenants.directory.forms import MemberForm, TagForm
from tenants.directory.queries import Wish
from tenants.members import operations, words
from tenants.members import queries as member_queries
from tenants.members.models import Member
from tenants.programs.enrolments import enrol
from tenants.units import occasions

__all__ = ["adjustments", "bp", "tags"]


@bp.get("")
@requires("members.view")
def index() -> Response:
    """The members, as the search, the filters and the order want them."""
    return tags.listed(Wish.of(request.args), TagForm(formdata=None))


@bp.get("/export.csv", endpoint="export")
@requires("members.edit")
def download() -> Response:
    """The list as it is filtered, as a file for a spreadsheet."""
    content = export.as_csv(queries.every(Wish.of(request.args), tags.when()), g.merchant.time_zone)
    name = f"members-{g.merchant.slug}-{utcnow():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    return Response(content, mimetype="text/csv", headers=headers)


@bp.get("/new")
@requires("members.enrol")
def new() -> Response:
    """An empty form; its hidden id makes the same form sent twice one member."""
    form = MemberForm(g.merchant, data={"language": g.merchant.language, "member_id": str(new_id())})
    return render("tenants/directory/new.html", form=form)


@bp.post("/new")
@requires("members.enrol")
def create() -> Response:
    """Add a member, with a card in every program that runs."""
    form = MemberForm(g.merchant)
    if not form.validate():
        return render("tenants/directory/new.html", block="form", status=422, form=form)
    member = operations.join(
        first_name=form.first_name.data or "",
        email=form.email.data,
        phone=form.phone.data,
        language=form.language.data,
        source="console",
        consent_text=None,
        now=utcnow(),
        member_id=UUID(form.member_id.data) if form.member_id.data else None,
        birthday=form.birthday(),
    )
    enrol(member.id, utcnow())
    occasions.welcome(member.id, g.merchant, utcnow())
    return done("members.show", _("%(name)s is a member now.", name=member.first_name), member_id=member.id)


@bp.get("/<uuid:member_id>")
@requires("members.view")
def show(member_id: UUID) -> Response:
    """A member: details, cards, purchases, and the history with its reasons."""
    member = _member(member_id)
    return render(
        "tenants/directory/show.html",
        block="history",
        member=member,
        cards=queries.cards([member.id]).get(member.id, []),
        holdings=holdings.of(member, g.merchant, utcnow()),
        visits=profile.visits(member.id, g.merchant.time_zone),
        history=history.page(member, g.merchant, request.args.get("page", 1, type=int)),
        purchases=profile.purchases(member.id),
        coupons=coupons.of_member(member.id, utcnow(), limit=20),
        giftable=coupon_queries.personal(),
        born=words.birthday(member.birthday),
        tag_form=TagForm(formdata=None),
        tag_names=member_queries.tag_names(),
    )


@bp.get("/<uuid:member_id>/edit")
@requires("members.edit")
def edit(member_id: UUID) -> Response:
    """A member's details, to change."""
    member = _member(member_id)
    return render("tenants/directory/edit.html", member=member, form=_form_of(member))


@bp.post("/<uuid:member_id>/edit")
@requires("members.edit")
def update(member_id: UUID) -> Response:
    """Keep the changed details."""
    member, form = _member(member_id), MemberForm(g.merchant)
    if not form.validate():
        return render("tenants/directory/edit.html", block="form", status=422, member=member, form=form)
    member.first_name, member.language = form.first_name.data or "", form.language.data
    member.email, member.phone = form.email.data or None, form.phone.data or None
    if form.birthday() != member.birthday:
        member.birthday, member.birthday_at = form.birthday(), utcnow()
    return done("members.show", _("Saved."), member_id=member.id)


def _form_of(member: Member) -> MemberForm:
    return MemberForm(g.merchant, obj=member, born=member.birthday)


def _member(member_id: UUID) -> Member:
    return db.session.get(Member, member_id) or abort(404)
