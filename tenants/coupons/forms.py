"""What a merchant types about a coupon, read into a plan; the engine's faults land at the field that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from tenants.coupons.choices import KINDS, MODES, OFS, ONS, PERIODS, PERS, TAXES, TRIGGERS, WHENS
from tenants.coupons.paths import ASKED, PATHS, SELECTION, field_at, is_asked
from tenants.coupons.rules import Plan
from tenants.coupons.typed import READERS, WRITERS
from tenants.engine.mapping import Invalid, Problem, from_mapping
from tenants.programs.forms import one_line

DEFAULTS = {"percent": "100", "quantity": 1, "get": 1}  # as the engine has them


def _select(label: Any, choices: Mapping[str, Any], default: str) -> SelectField:
    """What is not sent is as by default; what is no choice the engine refuses."""
    options = [SelectChoice(value, name) for value, name in choices.items()]
    return SelectField(label, choices=options, default=default, validate_choice=False)


def _whole(label: Any) -> IntegerField:
    return IntegerField(label, [Optional()])


def _text(label: Any) -> StringField:
    return StringField(label, [Length(max=2000)], filters=[one_line])


class _Checkboxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class _Known(_Checkboxes):
    """Names that the shop has already, to tick; a line of names with commas between them is read too."""

    def process_formdata(self, valuelist: list[str]) -> None:
        names = (name.strip() for value in valuelist for name in value[:2000].split(","))
        self.data = sorted({name for name in names if name})

    def pre_validate(self, form: Any) -> None:
        """What isn't known any more may stay: terms that are in force may name it."""


class CouponForm(FlaskForm):
    """The editor of a coupon. Amounts are in the merchant's currency, names are separated by commas."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=120)], filters=[one_line])
    trigger = RadioField(
        _l("Used"), choices=[SelectChoice(value, name) for value, name in TRIGGERS.items()], default="code"
    )
    code = StringField(_l("Public code"), [Length(max=60)], filters=[one_line])
    kind = _select(_l("Members get"), KINDS, "percent")
    on = _select(_l("On"), ONS, "goods")
    percent = _text(_l("Percent off"))
    amount = _text(_l("Amount"))
    quantity = _whole(_l("Items"))
    buy = _whole(_l("Items to buy"))
    get = _whole(_l("Items reduced"))
    item = _text(_l("What it is"))
    max_discount = _text(_l("Most it takes off"))
    max_times = _whole(_l("Most times in a purchase"))
    per = _select(_l("How often"), PERS, "order")
    step = _text(_l("For each full"))
    min_amount = _text(_l("From an amount of"))
    min_quantity = _text(_l("From a quantity of"))
    amount_of = _select(_l("The amount counts"), OFS, "goods")
    amount_when = _select(_l("Counted"), WHENS, "before_discounts")
    amount_tax = _select(_l("Tax"), TAXES, "included")
    weekdays = _Checkboxes(_l("Weekdays"))
    hours = _text(_l("Hours"))
    first_day = DateField(_l("First day"), [Optional()])
    last_day = DateField(_l("Last day"), [Optional()])
    days_before = _whole(_l("Days before the birthday"))
    days_after = _whole(_l("Days after the birthday"))
    tiers = _Known(_l("Only these tiers"))
    tiers_none = _Known(_l("Not these tiers"))
    segments = _Known(_l("Only these segments"))
    segments_none = _Known(_l("Not these segments"))
    member_tags = _Known(_l("Members with one of these tags"))
    member_tags_all = _Known(_l("Members with all of these tags"))
    member_tags_none = _Known(_l("Members with none of these tags"))
    locations = _Checkboxes(_l("Only at"))
    first_purchase = BooleanField(_l("Only on the first purchase"))
    days_away = _whole(_l("Only after so many days away"))
    uses_per_member = _whole(_l("Times for each member"))
    members_only = BooleanField(_l("Only for members"))
    mode = _select(_l("With other offers"), MODES, "stackable")
    group = _text(_l("Group"))
    priority = _whole(_l("Order among offers"))
    total = _whole(_l("Times in all"))
    per_period = _whole(_l("Times in each period"))
    per_member_period = _whole(_l("Times for each member in each period"))
    period = _select(_l("Period"), PERIODS, "month")
    valid_days = _whole(_l("Days a code is valid"))
    holdout_percent = _whole(_l("Percent left out for comparison"))
    goods_min_price = _text(_l("Items that cost at least"))
    goods_max_price = _text(_l("Items that cost at most"))
    target_min_price = _text(_l("Items that cost at least"))
    target_max_price = _text(_l("Items that cost at most"))

    def __init__(
        self,
        currency: str,
        places: Mapping[str, str],
        *args: Any,
        people: Mapping[str, Mapping[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        """`people` are the tiers, segments and member tags that there are, each by the engine's name."""
        self.currency = currency
        super().__init__(*args, **kwargs)
        days = get_day_names("wide", context="stand-alone", locale=get_locale())
        self.weekdays.choices = [SelectChoice(str(number + 1), days[number]) for number in range(7)]
        self.locations.choices = [SelectChoice(key, name) for key, name in places.items()]
        for sort, known in (people or {}).items():
            for name in (sort, f"{sort}_all", f"{sort}_none"):
                if name in self:
                    offered = {**known, **{own: own for own in self[name].data or () if own not in known}}
                    self[name].choices = [SelectChoice(key, label) for key, label in offered.items()]
        for field in self.asked():
            field.flags.optional = False

    @classmethod
    def of(
        cls,
        currency: str,
        places: Mapping[str, str],
        name: str,
        plan: Mapping[str, Any],
        people: Mapping[str, Mapping[str, str]] | None = None,
    ) -> CouponForm:
        """The form filled with a plan's mapping; what was posted goes before it."""
        data: dict[str, Any] = {"name": name, **DEFAULTS}
        if not plan:
            del data["percent"]  # nobody begins with all for nothing
        for field, (path, how) in PATHS.items():
            value = _at(plan, path)
            if value is not None:
                data[field] = WRITERS.get(how, lambda value, currency: value)(value, currency)
        return cls(currency, places, people=people, data=data)

    def plan(self) -> Plan | None:
        """The plan, or None with the faults at their fields."""
        is_valid = self.validate()
        mapping = self.mapping()
        if not is_valid or mapping is None:
            return None
        try:
            return Plan.from_mapping(mapping)
        except Invalid as invalid:
            for problem in invalid.problems:
                self._blame(field_at(problem.path), fault(problem))
        return None

    def sketch(self) -> Plan | None:
        """The plan as it is typed, for the preview; None where it makes no sense yet. Blames no field."""
        mapping = self.mapping(is_quiet=True)
        if (self.kind.data or "percent") == "percent" and not self.percent.data:
            return None
        try:
            return from_mapping(Plan, mapping)
        except Invalid:
            return None

    def mapping(self, *, is_quiet: bool = False) -> dict[str, Any] | None:
        """The plan as a mapping of what was typed; None where something can't be read."""
        plan: dict[str, Any] = {}
        is_read, kind = True, self.kind.data or ""
        for name, (path, how) in PATHS.items():
            field = self[name]
            if (
                not is_asked(name, kind)
                or field.data is None
                or field.data is False
                or field.data in ("", [])
            ):
                continue
            try:
                value = READERS[how](field.data, self.currency)
            except ValidationError as error:
                is_read = False
                if not is_quiet:
                    self._blame(name, str(error))
                continue
            _put(plan, path, value)
        if kind == "percent" and not self.percent.data and not is_quiet:
            self._blame("percent", _("This is needed."))
            return None
        return plan if is_read or is_quiet else None

    def _blame(self, name: str, words: str) -> None:
        field: Field = self[name]
        field.errors = [*field.errors, words]

    def asked(self) -> list[Field]:
        """The fields that the chosen benefit needs."""
        return [self[name] for name in ASKED.get(self.kind.data or "percent", ())]


def _add_selections() -> None:
    """The nine fields of goods, for those that count and for those that are reduced."""
    labels = {
        "categories": _l("Categories"),
        "categories_all": _l("All of these categories"),
        "categories_none": _l("Not these categories"),
        "products": _l("Products (SKU)"),
        "products_all": _l("All of these products together"),
        "products_none": _l("Not these products"),
        "tags": _l("Tags"),
        "tags_all": _l("All of these tags"),
        "tags_none": _l("Not these tags"),
    }
    for prefix in ("goods", "target"):
        for part in SELECTION:
            for suffix in ("", "_all", "_none"):
                setattr(CouponForm, f"{prefix}_{part}{suffix}", _text(labels[part + suffix]))


_add_selections()


def fault(problem: Problem) -> str:
    """A fault of the engine in words for whoever typed it."""
    limits = problem.params
    if problem.code == "missing_field":
        return _("This is needed.")
    if problem.code == "out_of_range" and "min" in limits and "max" in limits:
        return _("Between %(min)s and %(max)s, please.", min=limits["min"], max=limits["max"])
    if problem.code == "out_of_range":
        return _("This number is out of range.")
    if problem.code == "contradicts":
        return _("This contradicts something else that was chosen.")
    return _("This can’t be used as it is.")


def _at(plan: Mapping[str, Any], path: str) -> Any:
    value: Any = plan
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _put(plan: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        plan = plan.setdefault(part, {})
    plan[last] = value
