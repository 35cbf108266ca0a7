from api.web.payloads import looked_at

PIXEL = "data:image/png;base64,AAAA"


def test_pictures_and_classes_are_seen() -> None:
    found = looked_at({"image": PIXEL, "label": 3, "probabilities": {"3": 0.9, "5": 0.1, "x": 0}})
    assert [one.uri for one in found.pictures] == [PIXEL]
    assert found.classes[0].shown == (("3", 0.9), ("5", 0.1), ("x", 0))
    assert found.label == "3"


def test_what_hardly_counts_is_left_out() -> None:
    classes = {str(number): 0.0 for number in range(100)} | {"7": 1.0}
    [found] = looked_at({"p": classes}).classes
    assert (found.shown[0], len(found.shown), found.others) == (("7", 1.0), 3, 97)


def test_numbers_that_are_no_probabilities_stay_json() -> None:
    for value in ({"a": 2, "b": 0.5}, {"a": 0.1, "b": 0.2}, {"a": True, "b": 0}, {"a": 1}, [1], 5):
        assert looked_at({"x": value}).classes == ()
    assert looked_at([1, 2]).text == [1, 2]


def test_only_pictures_that_browsers_show_safely_are_shown() -> None:
    assert looked_at({"x": "data:image/svg+xml;base64,AAAA"}).pictures == ()


def test_long_texts_and_lists_are_cut_short() -> None:
    found = looked_at({"text": "x" * 500, "list": list(range(60))}).text
    assert found["text"].endswith("(500 characters)")
    assert found["list"][-1] == "… (60 in all)"
