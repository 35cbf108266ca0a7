from api.web.forms import fields_of


def kinds(**properties: object) -> dict[str, str]:
    found = fields_of({"properties": properties}, {})
    return {field.name: field.kind for field in found}


def test_each_kind_of_field_is_seen() -> None:
    assert kinds(
        picture={"type": "string", "pattern": "^(data:image/png;base64,|https?://)"},
        amount={"type": "number"},
        count={"type": "integer"},
        word={"type": "string"},
        one={"type": "string", "enum": ["a", "b"]},
        yes={"type": "boolean"},
        many={"type": "array"},
        other={"anyOf": [{"type": "null"}, {"type": "number"}]},
    ) == {
        "picture": "image", "amount": "number", "count": "number", "word": "text", "one": "choice",
        "yes": "flag", "many": "json", "other": "json",
    }  # fmt: skip


def test_an_input_that_is_no_object_has_no_fields() -> None:
    assert fields_of({"type": "array"}, [1]) == []


def test_a_hint_does_not_say_the_name_again() -> None:
    schema = {"properties": {"malic_acid": {"type": "number", "description": "Malic acid, g/l."}}}
    [field] = fields_of(schema, {"malic_acid": 1})
    assert (field.label, field.hint, field.value) == ("malic acid", "g/l", 1)
