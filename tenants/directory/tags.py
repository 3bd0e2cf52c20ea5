"""The member list with its filters, and tags: for one member, or for all of a list at once."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from flask import Response, abort, g, request
from flask_babel import gettext as _
from flask_babel import ngettext

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from saas.web.render import done, render
from tenants.directory import queries
from tenants.directory.blueprint import bp
from tenants.directory.forms import TagForm
from tenants.directory.queries import Wish
from tenants.members import queries as members
from tenants.members import tagging
from tenants.members.models import Member
from tenants.segments import queries as segments
from tenants.segments.queries import When


def when() -> When:
    return When(utcnow(), g.merchant.time_zone)


def listed(wish: Wish, form: TagForm, status: int = 200) -> Response:
    """The list, with the form for tagging all of it."""
    found = queries.wanted(wish, when())
    page = queries.page(
        wish, found, request.args.get("after", type=UUID), request.args.get("before", type=UUID)
    )
    return render(
        "tenants/directory/index.html",
        block="list",
        status=status,
        page=page,
        total=queries.count(found),
        most=queries.COUNTED,
        cards=queries.cards(member.id for member in page.items),
        wish=wish,
        counts=queries.counts(when()),
        tag_form=form,
        tag_names=members.tag_names(),
        segments=segments.every(),
    )


@bp.post("/tags")
@requires("members.edit")
def tag_list() -> Response:
    """Tag all members of the list as it is filtered, or take a tag from them; a long list is done in the background."""
    wish, form = Wish.of(request.form), TagForm()
    if not form.validate():
        return listed(wish, form, status=422)
    try:
        tag = tagging.clean(form.word.data or "")
    except Refusal as refusal:
        form.word.errors = [str(refusal)]
        return listed(wish, form, status=422)
    is_added = form.act.data == "add"
    if is_added:
        tagging.remember(tag, utcnow())
    count = tagging.change_some(queries.condition(wish, when()), tag, is_added=is_added)
    # The job follows a short list too: of two commands the later one stands, whatever an earlier job still does.
    whole = {"slug": g.merchant.slug, "wish": asdict(wish), "tag": tag, "is_added": is_added}
    defer("members.tag", lock=f"members.tag:{g.merchant.slug}", **whole)
    if count < tagging.AT_ONCE:
        message = ngettext("%(num)s member changed.", "%(num)s members changed.", count)
    else:
        message = _("The first %(num)s are done; the others follow in a moment.", num=count)
    return done("members.index", message, **{**wish.asked, **({} if wish.tag == tag else {"tag": tag})})


@bp.post("/<uuid:member_id>/tags")
@requires("members.edit")
def tag(member_id: UUID) -> Response:
    """Give a member a tag, or take it away."""
    member, form = db.session.get(Member, member_id) or abort(404), TagForm()
    if not form.validate():
        return done("members.show", _("Type a tag."), member_id=member.id)
    if form.act.data == "remove":
        tagging.remove(member, form.word.data or "")
        return done("members.show", _("The tag is gone."), member_id=member.id)
    try:
        with db.session.begin_nested():
            tagging.add(member, form.word.data or "", utcnow())
    except Refusal as refusal:
        return done("members.show", str(refusal), member_id=member.id)
    return done("members.show", _("Tagged."), member_id=member.id)
