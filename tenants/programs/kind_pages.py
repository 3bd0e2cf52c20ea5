"""The pages of programs that are no stamp cards: the editor with its preview, one program, publishing, versions."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_precision
from flask import Response, g, request
from flask_babel import gettext as _
from wtforms import Field

from saas.web.clock import utcnow
from saas.web.render import done, is_fragment, render
from tenants.engine import programs as engine
from tenants.engine.mapping import Invalid
from tenants.engine.programs import ProgramTerms
from tenants.members import queries as members
from tenants.products import naming
from tenants.products import queries as products
from tenants.programs import kind_faults, kind_offers, operations, queries, sentences, terms, versions
from tenants.programs.kind_data import data_of
from tenants.programs.kind_forms import KindForm
from tenants.programs.kind_offers import KINDS, KindOffer
from tenants.programs.kind_terms import mapping_of
from tenants.programs.models import Program
from tenants.programs.samples import SampleForm, judged
from tenants.programs.telling import speech_of, telling_of, tier_names, told

EDITOR = "tenants/programs/kind_editor.html"
MOST_NAMES = 12


def is_other(kind: str | None) -> bool:
    """Whether these pages are for a kind."""
    return kind in KINDS and kind != "stamp_card"


def begin(offer: KindOffer) -> Response:
    """The editor, filled with an offered program in the merchant's language."""
    unit = 10 ** get_currency_precision(g.merchant.currency)
    name, begun, words = kind_offers.begun(offer, g.merchant.language, unit)
    form = _form(None, data=data_of(offer.kind, name, begun, words))
    return editor(None, form)


def edit(program: Program) -> Response:
    """The editor, filled with the draft."""
    begun = _terms(program.kind, program.draft)
    data = data_of(program.kind, program.name, begun, program.draft.get("words", {}))
    return editor(program, _form(program, data=data))


def save(program: Program | None) -> Response:
    """Keep a new program as a draft, or what is written of one; what can't be meant stays in the editor."""
    form = _form(program)
    if program is not None:
        form.kind.data = program.kind
    kind = str(form.kind.data)
    is_valid, mapping = form.validate(), mapping_of(form, _before(program))
    if is_valid:
        faults = kind_faults.found(kind, mapping, _others(program))
        kind_faults.tell(form, faults)
        is_valid = not faults
    if not is_valid:
        return editor(program, form, status=422)
    name = form.name.data or ""
    if program is None:
        kept = operations.create_of_kind(kind, name, mapping, utcnow())
        message = _("Saved as a draft. Publish it when it looks right.")
        return done("programs.show", message, program_id=kept.id)
    operations.write_draft(program.id, name, mapping, utcnow())
    return done("programs.show", _("Saved."), program_id=program.id)


def _form(program: Program | None, **kwargs: Any) -> KindForm:
    own = program.id if program else None
    form = KindForm(tier_names(own), tags=members.tag_names(), segments=members.segment_names(), **kwargs)
    if form.is_submitted():
        _pick_products(form)
    return form


def _pick_products(form: KindForm) -> None:
    """Products that are typed by name are kept by their SKUs."""
    for entry in (*form.rules, *form.multipliers, *form.rewards):
        row = entry.form
        fields = [row.goods] if row.goods_by.data == "products" else []
        fields += [row.not_products] if "not_products" in row else []
        for field in fields:
            if field.data:
                field.data = tuple(naming.skus_of(field.data))


def preview(program: Program | None) -> Response:
    """What is typed, in sentences and tried on the basket; with a row more or less where a button asked. Keeps
    nothing."""
    form = _form(program)
    add, remove = request.form.get("add", ""), request.form.get("remove", "")
    if add or remove:
        form.shape(add, remove)
    return editor(program, form, block="rows" if add or remove else "preview", added=add)


def editor(
    program: Program | None, form: KindForm, status: int = 200, block: str | None = None, added: str = ""
) -> Response:
    """The editor, or the part of it that htmx asked for."""
    sample = SampleForm(form.tier_names)
    if not form.is_submitted():
        sample.amount.data = 20 * 10 ** get_currency_precision(g.merchant.currency)
        sample.weekday.data = 2
    kind = str(form.kind.data)
    context: dict[str, Any] = {
        "program": program,
        "form": form,
        "sample_form": sample,
        "kind": kind,
        "kind_name": KINDS[kind],
        "added": added,
        "faulty": [leaf for leaf in _leaves(form) if leaf.errors],
        "known": products.categories()[:MOST_NAMES] if not is_fragment() or block == "rows" else [],
        "currency": g.merchant.currency,
        **_sketch(program, form, sample),
    }
    return render(EDITOR, block=block, status=status, **context)


def _sketch(program: Program | None, form: KindForm, sample: SampleForm) -> dict[str, Any]:
    """The preview of what is typed; None where it can't be understood yet."""
    mapping, kind = mapping_of(form, _before(program)), str(form.kind.data)
    has_typing_faults = any(_is_mistyped(field) for field in _leaves(form))
    try:
        sketched = None if has_typing_faults else terms.terms_of(mapping)
    except Invalid:
        sketched = None
    if sketched is None:
        return {"told": [], "sample": None, "parts": sentences.parts(), "words": mapping["words"]}
    telling = telling_of(kind, mapping, sketched)
    others, now = _others(program), utcnow()
    tried = judged(sample, sketched, mapping["words"], others, g.merchant, telling.speech, now)
    return {"told": telling.all(), "sample": tried, "parts": sentences.parts(), "words": mapping["words"]}


def _is_mistyped(field: Field) -> bool:
    """Whether something was typed that can't be read; an empty field is no mistake before it is saved."""
    return bool(field.process_errors) and any(str(text).strip() for text in field.raw_data or ())


def _leaves(form: Any) -> list[Any]:
    found: list[Any] = []
    for field in form:
        if field.type == "FieldList":
            found += [leaf for entry in field.entries for leaf in _leaves(entry.form)]
        else:
            found.append(field)
    return found


def show(program: Program) -> Response:
    """One program: what it promises, and what can be done with it."""
    version = queries.in_force(program)
    mapping = version.terms if version else program.draft
    return render(
        "tenants/programs/kind_show.html",
        program=program,
        kind_name=KINDS[program.kind],
        words=mapping.get("words", {}),
        told=told(program.kind, mapping),
        parts=sentences.parts(),
        version=version,
        has_changes=version is not None and version.terms != program.draft,
        counts=queries.counts(program.id, utcnow()),
        speech=speech_of(program.kind, mapping),
    )


def publication(program: Program) -> Response:
    """What publishing would change, in sentences, before it does."""
    version = queries.in_force(program)
    return render(
        "tenants/programs/kind_publication.html",
        program=program,
        kind_name=KINDS[program.kind],
        words=program.draft.get("words", {}),
        told=told(program.kind, program.draft),
        changes=versions.compared(told(program.kind, version.terms), told(program.kind, program.draft))
        if version
        else None,
        parts=sentences.parts(),
    )


def listed_versions(program: Program) -> Response:
    """All terms that were ever in force, and what changed between two of them."""
    found = queries.versions(program.id)
    by_number = {version.number: version for version in found}
    before = by_number.get(request.args.get("before", 0, type=int))
    after = by_number.get(request.args.get("after", 0, type=int))
    changes = None
    if before and after:
        changes = versions.compared(told(program.kind, before.terms), told(program.kind, after.terms))
    return render(
        "tenants/programs/kind_versions.html",
        program=program,
        versions=[(version, told(program.kind, version.terms)) for version in found],
        before=before,
        after=after,
        changes=changes,
        parts=sentences.parts(),
    )


def _others(program: Program | None) -> list[engine.Program]:
    own = str(program.id) if program else ""
    return [one for one in terms.in_force_at(utcnow(), g.merchant.currency) if one.id != own]


def _before(program: Program | None) -> ProgramTerms | None:
    return _terms(program.kind, program.draft) if program else None


def _terms(kind: str, mapping: dict[str, Any]) -> ProgramTerms:
    """Stored terms; where they can't be understood, the editor begins anew."""
    try:
        return terms.terms_of(mapping)
    except Invalid:
        return ProgramTerms(kind)  # type: ignore[arg-type]  # the table's CHECK holds the kinds
