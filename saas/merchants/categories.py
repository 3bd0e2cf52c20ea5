"""Business categories: what a shop says it is. Keys are kept in the registry, names are shown."""

from __future__ import annotations

import unicodedata

from flask_babel import lazy_gettext as _l

CATEGORIES = {
    "bakery": _l("Bakery"),
    "cafe": _l("Café"),
    "restaurant": _l("Restaurant"),
    "fast_food": _l("Fast food and takeaway"),
    "bar": _l("Bar or pub"),
    "ice_cream": _l("Ice cream"),
    "grocery": _l("Grocery or delicatessen"),
    "wine": _l("Wine and drinks"),
    "butcher": _l("Butcher or fishmonger"),
    "florist": _l("Florist"),
    "pharmacy": _l("Pharmacy"),
    "hairdresser": _l("Hairdresser or barber"),
    "beauty": _l("Beauty and nails"),
    "fitness": _l("Fitness and sports"),
    "fashion": _l("Clothes"),
    "shoes": _l("Shoes"),
    "jewellery": _l("Jewellery and watches"),
    "optician": _l("Optician"),
    "books": _l("Books and stationery"),
    "music": _l("Music and instruments"),
    "toys": _l("Toys and games"),
    "pets": _l("Pets and grooming"),
    "electronics": _l("Phones and electronics"),
    "home": _l("Home and furniture"),
    "garden": _l("Garden and hardware"),
    "car": _l("Car wash and garage"),
    "bicycle": _l("Bicycles"),
    "laundry": _l("Laundry and repairs"),
    "hotel": _l("Hotel or guest house"),
    "leisure": _l("Cinema, museum, leisure"),
    "other": _l("Something else"),
}


def choices() -> list[tuple[str, str]]:
    """Key and name, by name in the language of the request; "something else" comes last."""
    names = [(key, str(name)) for key, name in CATEGORIES.items()]
    return sorted(names, key=lambda pair: (pair[0] == "other", pair[1].casefold()))


GUESSES = {
    "bakery": (
        "baker",
        "bakeri",
        "bread",
        "padaria",
        "pastelaria",
        "panader",
        "boulanger",
        "φουρν",
        "αρτοπ",
        "bageri",
    ),
    "cafe": ("cafe", "café", "caffe", "coffee", "kafe", "kaffe", "καφε"),
    "restaurant": ("restaurant", "restaurante", "bistro", "taverna", "ταβερν", "εστιατ", "krog"),
    "ice_cream": ("ice cream", "gelat", "glassbar", "sorvet", "helad", "glacier", "παγωτ"),
    "florist": ("florist", "flower", "floris", "flores", "fleur", "blom", "ανθο", "λουλουδ"),
    "pharmacy": ("pharmac", "farmac", "apotek", "φαρμακ"),
    "hairdresser": ("hair", "barber", "coiff", "cabel", "peluqu", "frisör", "κομμωτ", "κουρε"),
    "shoes": ("shoe", "sapat", "zapat", "chaussur", "skor", "παπουτσ"),
    "books": ("book", "livr", "libr", "bokhandel", "βιβλι"),
    "car": ("car wash", "garage", "lavage", "lavado", "biltvätt", "πλυντήριο αυτ"),
    "pets": ("pet ", "pets", "animal", "zoo", "κατοικίδ"),
    "butcher": ("butcher", "talho", "carnicer", "boucher", "slakt", "κρεοπωλ"),
}


def guess(shop_name: str) -> str:
    """The category that a shop's name speaks of, else "other"."""
    name = f"{_bare(shop_name)} "
    return next(
        (key for key, parts in GUESSES.items() if any(_bare(part) in name for part in parts)), "other"
    )


def _bare(text: str) -> str:
    """Small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def name_of(key: str) -> str:
    return str(CATEGORIES.get(key, CATEGORIES["other"]))
