from shared.backlog.company import Fact, differences

OURS = {
    Fact.PREFIX: "q:",
    Fact.DATABASE: "d",
    Fact.BLOBS: "b",
    Fact.SCHEMA: "0014",
    Fact.MODELS: "m",
}


def differing(**theirs: str) -> list[Fact]:
    facts = OURS | {Fact[name]: value for name, value in theirs.items()}
    return [one.fact for one in differences(OURS, {"predict:host:1": facts})]


def test_who_agrees_differs_in_nothing() -> None:
    assert differing() == []


def test_each_fact_is_compared() -> None:
    assert differing(DATABASE="e", MODELS="n") == [Fact.DATABASE, Fact.MODELS]


def test_what_one_does_not_know_is_no_difference() -> None:
    worker = {Fact.PREFIX: "q:", Fact.BLOBS: "b", Fact.MODELS: "m"}
    assert differences(OURS, {"predict:host:1": worker}) == []


def test_another_system_on_the_same_server_is_none_of_ours() -> None:
    assert differing(PREFIX="r:", DATABASE="e", BLOBS="c", MODELS="n") == []


def test_our_own_database_under_another_prefix_is_a_mistake() -> None:
    assert differing(PREFIX="r:", BLOBS="c", MODELS="n") == [Fact.PREFIX]
    assert differing(PREFIX="r:", DATABASE="e", MODELS="n") == [Fact.PREFIX]
