"""Phone numbers as people of a country write them."""

from __future__ import annotations

import phonenumbers


def phone_number(text: str, country: str) -> str | None:
    """The number with its country's prefix and digits only (E.164), or None for what is no phone number."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
