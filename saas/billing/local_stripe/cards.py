"""Stripe's well-known test cards, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Authentication = Literal["never", "once", "always"]


@dataclass(frozen=True)
class Card:
    """`attach` and `charge` are the bank's reasons to decline; `dispute` begins one after the first payment."""

    number: str
    name: str  # as in pm_card_<name>
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    attach: str | None = None
    charge: str | None = None
    authentication: Authentication = "never"
    dispute: str | None = None

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = (
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", "mastercard"),
    Card("378282246310005", "amex", "amex"),
    Card("4000000760000002", "br", country="BR"),
    Card("4000007520000008", "se", country="SE"),
    Card("4000000000000002", "chargeDeclined", attach="generic_decline", charge="generic_decline"),
    Card(
        "4000000000009995",
        "chargeDeclinedInsufficientFunds",
        attach="insufficient_funds",
        charge="insufficient_funds",
    ),
    Card("4000000000009987", "chargeDeclinedLostCard", attach="lost_card", charge="lost_card"),
    Card("4000000000000069", "chargeDeclinedExpiredCard", attach="expired_card", charge="expired_card"),
    Card("4000000000000127", "chargeDeclinedIncorrectCvc", attach="incorrect_cvc", charge="incorrect_cvc"),
    Card(
        "4000000000000119",
        "chargeDeclinedProcessingError",
        attach="processing_error",
        charge="processing_error",
    ),
    Card("4000000000000341", "chargeCustomerFail", charge="generic_decline"),
    Card("4000002500003155", "authenticationRequiredOnSetup", authentication="once"),
    Card("4000002760003184", "authenticationRequired", authentication="always"),
    Card("4000000000003220", "threeDSecure2Required", authentication="always"),
    Card(
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        charge="insufficient_funds",
        authentication="once",
    ),
    Card("4000000000000259", "createDispute", dispute="fraudulent"),
    Card("4000000000002685", "createDisputeProductNotReceived", dispute="product_not_received"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_ID = {f"pm_card_{prefix}{card.name}": card for card in CARDS for prefix in ("", "visa_")}
BY_TOKEN = {f"tok_{card.name}": card for card in CARDS}
