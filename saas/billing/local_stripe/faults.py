"""Refusals, worded and numbered as Stripe does it."""

from __future__ import annotations

from typing import Any


class Fault(Exception):
    """An error answer; with `keep`, what the request changed so far stays (a declined charge is on record)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.keep = keep
        self.began = (
            False  # whether the call was being carried out already: then its answer is kept for a retry
        )
        known = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.error = {name: value for name, value in known.items() if value is not None}

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


class NotModelled(Fault):
    """Stripe knows it, the stand-in doesn't: said aloud, so that nobody relies on silence."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The local stand-in doesn't model {what}.", status=501, kind="api_error", code="not_modelled"
        )


def no_such(kind: str, id_: str, param: str | None = None) -> Fault:
    """The object isn't there; `param` names the parameter that asked for it, None means the address did."""
    return Fault(
        f"No such {kind}: '{id_}'",
        status=400 if param else 404,
        code="resource_missing",
        param=param or "id",
    )


DECLINES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
OWN_CODES = ("expired_card", "incorrect_cvc", "processing_error", "authentication_required")


def declined(decline: str, **more: Any) -> Fault:
    """The bank said no; Stripe answers 402."""
    return Fault(
        DECLINES[decline],
        status=402,
        kind="card_error",
        code=decline if decline in OWN_CODES else "card_declined",
        decline_code=decline,
        **more,
    )
