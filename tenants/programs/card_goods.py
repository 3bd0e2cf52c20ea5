"""Which goods a stamp card counts, and what its reward takes off a purchase: what may stand beside the flat card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from tenants.engine.mapping import from_mapping, to_mapping
from tenants.engine.programs import ProgramTerms
from tenants.programs import kind_faults, terms
from tenants.programs.forms import ProgramForm
from tenants.programs.kind_forms import GIVES, GOODS
from tenants.programs.rules import Terms
from tenants.programs.typed import Amount, Decimals, Names

SORTS = ("categories", "tags", "products")
OFFERED = ("merchandise", "free_item", "percent", "amount", "kept")
OFF = {"": _l("The whole purchase"), **{sort: GOODS[sort] for sort in SORTS}}
FIELDS = {
    "benefit.percent": "percent",
    "benefit.amount_minor": "amount_off",
    "benefit.target": "reward_goods",
}


def _choices(names: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in names.items()]


class CardForm(ProgramForm):
    """A stamp card with the goods that count, and what a full card is worth when something is paid."""

    goods_by = SelectField(_l("Counts on"), choices=_choices(GOODS), default="")
    goods = Names(_l("Which goods"))
    gives = SelectField(
        _l("What it gives"), choices=_choices({key: GIVES[key] for key in OFFERED}), default="merchandise"
    )
    percent = Decimals(_l("Percent off"), places=2)
    amount_off = Amount(_l("Amount"))
    reward_goods_by = SelectField(_l("On"), choices=_choices(OFF), default="")
    reward_goods = Names(_l("Which goods"))

    @classmethod
    def filled(cls, currency: str, name: str, stored: Mapping[str, Any]) -> CardForm:
        """The form filled with what a version or a draft stores."""
        card = Terms.from_mapping(stored)
        own = cls.of(currency, name, card).data | (
            _data_of(card, stored["engine"]) if "engine" in stored else {}
        )
        return cls(currency, data=own)

    def validate_goods(self, field: Names) -> None:
        _named(self.goods_by.data, field)

    def validate_reward_goods(self, field: Names) -> None:
        _named(self.reward_goods_by.data, field)

    def validate_reward_goods_by(self, field: SelectField) -> None:
        if self.gives.data == "free_item" and not field.data:
            raise ValidationError(_("Say which goods are free."))

    def mapping(self, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A valid form as a version stores it; what `before` has beyond the editor's fields stays."""
        card, old = self.terms(), (before or {}).get("engine")
        unsent = [name for name in ("goods_by", "gives") if old and not self[name].raw_data]
        engine = _engine_of(card, self.data | dict.fromkeys(unsent, "kept"), old)
        return card.to_mapping() | ({"engine": engine} if engine else {})

    def blame(self, mapping: Mapping[str, Any]) -> bool:
        """Put what keeps a card from being published at its field; whether there was anything."""
        faults = terms.faults("stamp_card", mapping)
        for fault in faults:
            field = next((name for path, name in FIELDS.items() if path in fault.path), None)
            if field is None:
                self.form_errors.append(kind_faults.words(fault))
            else:
                self[field].errors = [*self[field].errors, kind_faults.words(fault)]
        return bool(faults)

    @property
    def is_about_goods(self) -> bool:
        """Whether more than the flat card is said, or wrong."""
        fields: list[Field] = [
            self.goods,
            self.percent,
            self.amount_off,
            self.reward_goods,
            self.reward_goods_by,
        ]
        return bool(self.goods_by.data or self.gives.data != "merchandise" or any(f.errors for f in fields))


def _named(by: str | None, field: Names) -> None:
    if by in SORTS and not field.data and not field.errors:
        raise ValidationError(_("Name at least one, with commas between them."))


def _engine_of(card: Terms, data: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The engine's terms beside a flat card; None where the card says all of it."""
    flat = to_mapping(terms.of_stamp_card(card))
    engine: dict[str, Any] = {**(old or flat), "required": card.required}
    if data["goods_by"] != "kept":
        engine["rules"] = _rules(flat, data)
    if data["gives"] != "kept":
        engine["rewards"] = [_reward(flat, data)]
    return None if engine == flat else engine


def _rules(flat: Mapping[str, Any], data: Mapping[str, Any]) -> list[dict[str, Any]]:
    goods = _goods(data["goods_by"], data["goods"])
    return [{**rule, "conditions": {"goods": goods}} if goods else rule for rule in flat["rules"]]


def _goods(by: str | None, names: Any) -> dict[str, Any]:
    return {by: {"any": sorted(set(names or ()))}} if by in SORTS else {}


def _reward(flat: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    (reward,) = flat["rewards"]
    gives, is_aimed = data["gives"], data["reward_goods_by"] in SORTS
    if gives == "merchandise":
        return dict(reward)
    benefit: dict[str, Any] = {"kind": gives}
    if is_aimed:
        benefit["target"] = _goods(data["reward_goods_by"], data["reward_goods"])
    if gives != "free_item":
        benefit["on"] = "cheapest" if is_aimed else "order"
    if gives == "percent":
        benefit["percent"] = format(data["percent"] or 0, "f")
    if gives == "amount":
        benefit["amount_minor"] = data["amount_off"] or 0
    return {**reward, "benefit": benefit}


def _data_of(card: Terms, engine: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's terms as the form's data; what the form can't say is kept as it is."""
    found = from_mapping(ProgramTerms, engine)
    flat, stored = to_mapping(terms.of_stamp_card(card)), to_mapping(found)
    rules, rewards = stored.get("rules", []), stored.get("rewards", [])
    benefit = found.rewards[0].benefit if found.rewards else None
    by, names = _said(rules[0].get("conditions", {}).get("goods", {}) if rules else {})
    target_by, target = _said(rewards[0]["benefit"].get("target") or {} if rewards else {})
    data: dict[str, Any] = {
        "goods_by": by,
        "goods": names,
        "gives": benefit.kind if benefit and benefit.kind in OFFERED else "kept",
        "percent": benefit.percent if benefit and benefit.kind == "percent" else None,
        "amount_off": benefit.amount_minor if benefit else 0,
        "reward_goods_by": target_by,
        "reward_goods": target,
    }
    if from_mapping(ProgramTerms, {**stored, "rules": _rules(flat, data)}) != found:
        data |= {"goods_by": "kept", "goods": ()}
    is_said = data["gives"] != "kept"
    if is_said and from_mapping(ProgramTerms, {**stored, "rewards": [_reward(flat, data)]}) != found:
        data["gives"] = "kept"
    return data


def _said(goods: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The first sort of goods that is named; whether that is all of it is for who asks."""
    return next(
        ((sort, tuple(goods[sort]["any"])) for sort in SORTS if goods.get(sort, {}).get("any")), ("", ())
    )
