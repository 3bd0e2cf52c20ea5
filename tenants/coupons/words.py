"""What a coupon is, as one sentence in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from babel.dates import get_day_names
from babel.lists import format_list
from flask_babel import format_date, format_decimal, format_percent, format_time, get_locale, ngettext
from flask_babel import gettext as _

from saas.web.template_filters import money
from tenants.coupons.rules import Plan
from tenants.engine.benefits import Benefit
from tenants.engine.conditions import ANYTHING, Among, Conditions, Hours, Selection

Names = Mapping[str, str]


def sentence(plan: Plan, currency: str, names: Names | None = None) -> str:
    """The terms as one sentence; `names` are those of coupons, places and tiers by their ids."""
    known = names or {}
    parts = [gives(plan, currency, known), *_bounds(plan, currency, known), *_when(plan.terms.conditions)]
    parts += [*_who(plan.terms.conditions, known), *_limits(plan)]
    said = ", ".join(parts)
    return said[:1].upper() + said[1:]


def gives(plan: Plan, currency: str, names: Names) -> str:
    """What is given, without its conditions."""
    benefit, conditions = plan.terms.benefit, plan.terms.conditions
    goods = goods_named(benefit.target if benefit.target is not None else conditions.goods, names)
    return KINDS[benefit.kind](benefit, goods, goods_named(conditions.goods, names), currency, names)


def goods_named(selection: Selection, names: Names) -> str:
    """The goods meant, as the shop names them."""
    if selection == ANYTHING or not _wanted(selection, names):
        return _("everything")
    return str(format_list(_wanted(selection, names), "or", locale=get_locale()))


def _wanted(selection: Selection, names: Names) -> list[str]:
    parts = (selection.categories, selection.products, selection.tags)
    return [
        names.get(f"sku/{name}", name) if part is selection.products else name
        for part in parts
        for name in sorted(part.any | part.all)
    ]


def skus_of(plan: Plan) -> frozenset[str]:
    """The products that a plan names."""
    goods = [plan.terms.conditions.goods, plan.terms.benefit.target or ANYTHING]
    return frozenset().union(*(one.products.any | one.products.all | one.products.none for one in goods))


def _percent(value: Decimal) -> str:
    return str(format_percent(value / 100, "#,##0.##%"))


def _off(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    off = _percent(benefit.percent)
    if benefit.on == "delivery":
        return _("free delivery") if benefit.percent == 100 else _("%(off)s off delivery", off=off)
    if benefit.on == "cheapest":
        return _("%(off)s off the cheapest of %(goods)s", off=off, goods=goods)
    if benefit.on == "order":
        return _("%(off)s off the whole purchase", off=off)
    return _("%(off)s off %(goods)s", off=off, goods=goods)


def _amount(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    off = money(benefit.amount_minor, currency)
    if benefit.on == "delivery":
        return _("%(off)s off delivery", off=off)
    if benefit.per == "amount":
        return _("%(off)s off for every %(step)s", off=off, step=money(benefit.step_minor, currency))
    if benefit.per == "item":
        return ngettext(
            "%(off)s off for each of %(goods)s", "%(off)s off for every %(num)s of %(goods)s",
            benefit.quantity, off=off, goods=goods,
        )  # fmt: skip
    return _off_whole(benefit, off, goods)


def _off_whole(benefit: Benefit, off: str, goods: str) -> str:
    if benefit.on == "order":
        return _("%(off)s off the whole purchase", off=off)
    if benefit.on == "cheapest":
        return _("%(off)s off the cheapest of %(goods)s", off=off, goods=goods)
    return _("%(off)s off %(goods)s", off=off, goods=goods)


def _fixed(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    price = money(benefit.amount_minor, currency)
    return ngettext(
        "%(goods)s for %(price)s each", "%(num)s of %(goods)s for %(price)s", benefit.quantity,
        goods=goods, price=price,
    )  # fmt: skip


def _free(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    return ngettext(
        "%(num)s item of %(goods)s free", "%(num)s items of %(goods)s free", benefit.quantity, goods=goods
    )


def _buy_get(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    known = {
        "buy": format_decimal(benefit.buy),
        "get": format_decimal(benefit.get),
        "goods": goods,
        "bought": bought,
    }
    if benefit.percent == 100:
        return _("buy %(buy)s of %(bought)s and get %(get)s of %(goods)s free", **known)
    return _(
        "buy %(buy)s of %(bought)s and get %(get)s of %(goods)s at %(off)s off",
        off=_percent(benefit.percent),
        **known,
    )


def _cheapest(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    known = {"quantity": format_decimal(benefit.quantity), "goods": goods}
    if benefit.percent == 100:
        pay = format_decimal(benefit.quantity - benefit.get)
        return _("%(quantity)s of %(goods)s for the price of %(pay)s", pay=pay, **known)
    return ngettext(
        "%(off)s off the cheapest of every %(quantity)s of %(goods)s",
        "%(off)s off the %(num)s cheapest of every %(quantity)s of %(goods)s",
        benefit.get,
        off=_percent(benefit.percent),
        **known,
    )


def _gift_card(benefit: Benefit, goods: str, bought: str, currency: str, names: Names) -> str:
    if not benefit.amount_minor:
        return _("a gift card over the price of %(goods)s", goods=goods)
    return _("a gift card over %(amount)s", amount=money(benefit.amount_minor, currency))


KINDS: dict[str, Callable[[Benefit, str, str, str, Names], str]] = {
    "percent": _off,
    "amount": _amount,
    "fixed_price": _fixed,
    "free_item": _free,
    "buy_x_get_y": _buy_get,
    "cheapest_free": _cheapest,
    "coupon": lambda b, goods, bought, currency, names: _(
        "for the next visit the coupon “%(name)s”", name=names.get(b.item, b.item)
    ),
    "gift_card": _gift_card,
    "merchandise": lambda b, goods, bought, currency, names: _(
        "%(quantity)s × %(item)s to take along", quantity=format_decimal(b.quantity), item=b.item
    ),
    "early_access": lambda b, goods, bought, currency, names: _("early access to %(item)s", item=b.item),
}


def _bounds(plan: Plan, currency: str, names: Names) -> Iterator[str]:
    benefit, conditions = plan.terms.benefit, plan.terms.conditions
    if benefit.max_discount_minor is not None:
        yield _("at most %(amount)s", amount=money(benefit.max_discount_minor, currency))
    if benefit.max_times:
        yield ngettext(
            "at most %(num)s time in a purchase", "at most %(num)s times in a purchase", benefit.max_times
        )
    if conditions.min_amount_minor:
        amount = money(conditions.min_amount_minor, currency)
        if conditions.amount_of == "order" or conditions.goods == ANYTHING:
            yield _("for purchases from %(amount)s", amount=amount)
        else:
            yield _("from %(amount)s of %(goods)s", amount=amount, goods=goods_named(conditions.goods, names))
    if conditions.min_quantity:
        known = {
            "number": format_decimal(conditions.min_quantity),
            "goods": goods_named(conditions.goods, names),
        }
        yield _("from %(number)s of %(goods)s", **known)
    barred = [conditions.goods.categories.none, conditions.goods.products.none, conditions.goods.tags.none]
    if any(barred):
        goods = [names.get(f"sku/{name}", name) for part in barred for name in sorted(part)]
        named = format_list(goods, "or", locale=get_locale())
        yield _("not on %(goods)s", goods=named)


def _when(conditions: Conditions) -> Iterator[str]:
    if conditions.weekdays:
        days = get_day_names("wide", context="stand-alone", locale=get_locale())
        named = [days[number - 1] for number in sorted(conditions.weekdays)]
        yield _("on %(days)s", days=format_list(named, locale=get_locale()))
    if conditions.hours:
        yield str(format_list([_hours(hours) for hours in conditions.hours], "or", locale=get_locale()))
    if conditions.first_day and conditions.last_day:
        yield _(
            "from %(first)s to %(last)s",
            first=format_date(conditions.first_day, "medium"),
            last=format_date(conditions.last_day, "medium"),
        )
    elif conditions.first_day:
        yield _("from %(day)s on", day=format_date(conditions.first_day, "medium"))
    elif conditions.last_day:
        yield _("until %(day)s", day=format_date(conditions.last_day, "medium"))


def _hours(hours: Hours) -> str:
    start, end = (format_time(time, "short", rebase=False) for time in (hours.start, hours.end))
    if hours.start == dt.time():
        return _("before %(time)s", time=end)
    if hours.end == dt.time():
        return _("after %(time)s", time=start)
    return _("between %(start)s and %(end)s", start=start, end=end)


def _who(conditions: Conditions, names: Names) -> Iterator[str]:
    if (around := conditions.birthday) is not None:
        before, after = around.days_before, around.days_after
        if before or after:
            yield _(
                "from %(before)s days before the birthday to %(after)s days after", before=before, after=after
            )
        else:
            yield _("on the birthday")
    if conditions.first_purchase:
        yield _("on the first purchase")
    if conditions.days_away:
        yield ngettext("after %(num)s day away", "after %(num)s days away", conditions.days_away)
    for among in (conditions.tiers, conditions.segments, conditions.member_tags):
        if among.any or among.all:
            yield _("for %(members)s", members=_joined(among, names))
    if conditions.locations.any:
        yield _("at %(places)s", places=_joined(conditions.locations, names))
    if conditions.members_only:
        yield _("for members")


def _joined(among: Among, names: Names) -> str:
    wanted = [names.get(name, name.rsplit("/", 1)[-1]) for name in sorted(among.any | among.all)]
    return str(format_list(wanted, "or", locale=get_locale()))


def _limits(plan: Plan) -> Iterator[str]:
    limits = plan.limits
    if plan.per_member:
        yield ngettext("once a member", "%(num)s times a member", plan.per_member)
    if limits.per_member_period:
        yield _in_period(limits.period, limits.per_member_period, is_by_member=True)
    if limits.per_period:
        yield _in_period(limits.period, limits.per_period, is_by_member=False)
    if limits.total:
        yield ngettext("only %(num)s time in all", "only %(num)s times in all", limits.total)
    if plan.terms.stacking.mode == "exclusive":
        yield _("not together with other offers")


def _in_period(period: str, count: int, *, is_by_member: bool) -> str:
    number = format_decimal(count)
    if is_by_member:
        return {
            "day": _("%(number)s × a day for each member", number=number),
            "week": _("%(number)s × a week for each member", number=number),
            "month": _("%(number)s × a month for each member", number=number),
            "year": _("%(number)s × a year for each member", number=number),
        }[period]
    return {
        "day": _("%(number)s × a day in all", number=number),
        "week": _("%(number)s × a week in all", number=number),
        "month": _("%(number)s × a month in all", number=number),
        "year": _("%(number)s × a year in all", number=number),
    }[period]
