"""What the engine takes is what the document says it takes."""

from __future__ import annotations

import jsonschema_rs
from flask.testing import FlaskClient

from tenants.engine.mapping import from_mapping
from tenants.engine.programs import ProgramTerms
from tests.factories.examples import EXAMPLES


def test_what_the_engine_takes_is_what_the_document_says(client: FlaskClient) -> None:
    """Each program of the examples for every surface, as it is written there, is one of the document's."""
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    schema = {"$ref": "#/components/schemas/EngineProgram", "components": document["components"]}
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    programs = [terms for example in EXAMPLES for terms in example.get("programs", {}).values()]
    assert len(programs) >= 5
    for terms in programs:
        from_mapping(ProgramTerms, terms)
        assert [str(error) for error in judge.iter_errors(terms)] == [], terms
    assert not judge.is_valid({**programs[0], "speed": 1})
    assert '<summary lang="en">EngineConditions</summary>' in client.get("/api/v1/docs").text
