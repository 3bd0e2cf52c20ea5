"""A till that sells to members over the API, with nothing but Python's own library: to be read, run and copied.

    export REGULARS=http://127.0.0.1:8000/api/v1 REGULARS_KEY=rgl_…
    python docs/examples/till.py 8F3KQ2W9 receipt-1 3 350 WELCOME10

sells 3 items at 3.50 to the member with that number, with a coupon. The key needs members:read, purchases:read and
purchases:write.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import quote as quoted
from urllib.parse import urlsplit

TRIES, PAUSE_SECONDS, TIMEOUT_SECONDS = 5, 0.5, 10


class Refused(Exception):
    """What was asked can't be; `problem` says why, as the service put it (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem.get('title')}")
        self.status, self.problem = status, problem


class Unreachable(Exception):
    """No answer, however often it was asked. Asking again later with the same key does nothing twice."""


class Till:
    """One till with its key. What changes something is sent with an idempotency key, and again until it is answered."""

    def __init__(self, address: str, key: str, currency: str, language: str = "en") -> None:
        self.address, self.currency = urlsplit(address), currency
        self.headers = {
            "Authorization": f"Bearer {key}",
            "Accept-Language": language,
            "Content-Type": "application/json",
        }

    def member(self, number: str) -> dict[str, Any] | None:
        """The member with the number that the card's QR code holds."""
        found = self._ask("GET", f"/members?number={quoted(number)}")["data"]
        return found[0] if found else None

    def quote(self, basket: Mapping[str, Any]) -> dict[str, Any]:
        """What a basket would cost, earn and open; changes nothing."""
        return self._ask("POST", "/purchases/quote", basket)

    def commit(self, basket: Mapping[str, Any], quote: Mapping[str, Any], receipt: str) -> dict[str, Any]:
        """Buy it for what was quoted, once for each receipt number; refused when the price has changed since."""
        due = quote["due"]["amount_minor"]
        body = {**basket, "receipt_number": receipt, "expected_due_minor": due}
        return self._ask("POST", "/purchases", body, key=f"receipt {receipt}")

    def refund(
        self, purchase_id: str, number: int, lines: Mapping[str, str] | None = None, reason: str = ""
    ) -> dict[str, Any]:
        """Return quantities by the keys of lines, or all that is left. `number` counts the refunds of the purchase, so
        that one that is sent again is known."""
        body: dict[str, Any] = {"reason": reason}
        if lines is not None:
            body["lines"] = [{"key": key, "quantity": quantity} for key, quantity in lines.items()]
        return self._ask("POST", f"/purchases/{purchase_id}/refunds", body, key=f"{purchase_id} {number}")

    def basket(
        self, member_id: str | None, goods: Sequence[Mapping[str, Any]], codes: Sequence[str] = ()
    ) -> dict[str, Any]:
        """A basket as the API takes it; prices in minor units, quantities as texts."""
        lines = [{"key": str(place), **one} for place, one in enumerate(goods, 1)]
        sale = {"currency": self.currency, "lines": lines, "coupon_codes": list(codes)}
        return {**sale, "member_id": member_id} if member_id else sale

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> dict[str, Any]:
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        sent = json.dumps(body).encode() if body is not None else None
        for number in range(TRIES):
            time.sleep(PAUSE_SECONDS * number)
            try:
                status, answer, wait = self._send(method, path, sent, headers)
            except (OSError, HTTPException):
                continue  # it may have arrived or not: the same key makes asking again harmless
            if status == 429:
                time.sleep(wait)
            elif status < 500:
                if status >= 400:
                    raise Refused(status, answer)
                return answer
        raise Unreachable(f"{method} {path}")

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any], float]:
        connect: Callable[..., HTTPConnection] = (
            HTTPSConnection if self.address.scheme == "https" else HTTPConnection
        )
        connection = connect(self.address.hostname, self.address.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, self.address.path + path, body, headers)
            response: HTTPResponse = connection.getresponse()
            content = response.read()
            wait = float(response.headers.get("Retry-After") or 0)
            return response.status, json.loads(content) if response.status < 500 else {}, wait
        finally:
            connection.close()


def main(number: str, receipt: str, quantity: str, price_minor: str, *codes: str) -> None:
    """Sell to a member, and say what came of it as the receipt would."""
    till = Till(os.environ["REGULARS"], os.environ["REGULARS_KEY"], os.environ.get("CURRENCY", "EUR"))
    member = till.member(number)
    goods = [
        {
            "name": "Flat white",
            "sku": "flat-white",
            "quantity": quantity,
            "unit_price_minor": int(price_minor),
        }
    ]
    basket = till.basket(member["id"] if member else None, goods, codes)
    sold = till.commit(basket, till.quote(basket), receipt)
    judged = sold["judgement"]
    print(f"{judged['due']['amount_minor'] / 100:.2f} {judged['due']['currency']}, purchase {sold['id']}")
    for refused in judged["refused"]:
        print("not used:", refused["reason"]["sentence"])
    for program in judged["programs"]:
        print(*(reason["sentence"] for reason in program["reasons"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
