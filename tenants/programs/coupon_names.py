"""Which coupons a reward may give, as the room of coupons tells it; without one nothing is known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Running = Callable[[], Mapping[str, str]]
_told: list[Running] = []


def tell(running: Running) -> None:
    """Say who knows the coupons that can be given: their names by their ids."""
    _told[:] = [running]


def to_give() -> Mapping[str, str]:
    """The names of the coupons that can be given, by their ids."""
    return _told[0]() if _told else {}


def can_be_given(item: str) -> bool:
    """Whether a benefit names, by id or by name, a coupon that can be given; true where nobody knows."""
    known = to_give() if _told else {item: item}
    return item in known or item.lower() in {name.lower() for name in known.values()}
