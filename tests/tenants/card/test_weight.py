"""A card must open at once on a slow phone: all that it loads together stays below 30 KB compressed."""

from __future__ import annotations

import gzip
import re

LIMIT = 30 * 1024


def test_a_card_with_all_it_loads_is_light(phone, counter_code, app):
    eleni = phone()
    eleni.join()
    token, _digits = counter_code(27)
    eleni.post("/stamps", code=token)
    page = eleni.get().text
    addresses = set(re.findall(r'(?:href|src)="([^"#]+\.(?:css|js|svg|png|woff2)[^"#]*)', page))
    assert len(addresses) >= 4
    weights = {"page": len(gzip.compress(page.encode()))}
    for address in addresses:
        with eleni.client.get(address) as answer:
            assert answer.status_code == 200, address
            weights[address] = min(len(answer.data), len(gzip.compress(answer.data)))
            if ".css" in address:
                assert b"url(" not in answer.data, "a stylesheet that loads more would have to be counted too"
    assert sum(weights.values()) < LIMIT, weights


def test_no_page_of_the_card_breaks_the_content_security_policy(phone, counter_code):
    eleni = phone()
    joining = eleni.get().text
    eleni.join()
    for page in (joining, eleni.get().text, eleni.get("/profile").text, eleni.get("/recover").text):
        assert not re.search(r'\sstyle="|<style|\son[a-z]+="|<script(?![^>]*\ssrc=)', page)
