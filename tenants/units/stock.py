"""The stock of what is handed out, in the console: how many pieces there are, counted anew or restocked."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.render import done, render
from tenants.search.rules import one_line
from tenants.units import merchandise

bp = Blueprint("stock", __name__, url_prefix="/console/<slug:merchant>/stock")
ACTS = {
    "add": _l("So many came in"),
    "count": _l("There are so many now"),
    "forget": _l("Don’t count them any more"),
}


class StockForm(FlaskForm):
    """What is counted, and how."""

    item = StringField(
        _l("What it is"),
        [
            InputRequired(_l("Please type a name.")),
            Length(max=120, message=_l("Please use at most %(max)d characters.")),
        ],
        filters=[one_line],
    )
    act = SelectField(_l("What to do"), choices=[SelectChoice(*pair) for pair in ACTS.items()], default="add")
    pieces = IntegerField(
        _l("Pieces"), [Optional(), NumberRange(0, merchandise.MOST, _l("Write a whole number, not below 0."))]
    )

    def validate_act(self, field: SelectField) -> None:
        if field.data != "forget" and self.pieces.data is None and not self.pieces.errors:
            raise ValidationError(_("Say how many pieces."))


@bp.get("")
@requires("products.view")
def index() -> Response:
    """What rewards hand out, with the pieces left."""
    return _index(StockForm(formdata=None))


@bp.post("")
@requires("products.edit")
def update() -> Response:
    """Count anew, add what came in, or stop counting."""
    form = StockForm()
    if not form.validate():
        return _index(form, status=422)
    item, pieces = form.item.data or "", form.pieces.data or 0
    if form.act.data == "add":
        merchandise.restock(item, pieces, utcnow())
    else:
        merchandise.set_stock(item, None if form.act.data == "forget" else pieces, utcnow())
    return done("stock.index", _("Saved."))


def _index(form: StockForm, status: int = 200) -> Response:
    return render(
        "tenants/units/stock.html", block="form", status=status, form=form, items=merchandise.items()
    )
