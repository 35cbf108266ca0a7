import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.backlog.company import Company, Fact
from shared.errors import StartupRefused

FACTS = {Fact.DATABASE: "one", Fact.BLOBS: "b", Fact.MODELS: "m"}


@pytest.fixture
def join(valkey, settings):
    """Processes that have joined leave at the end."""
    joined = []

    def run(kind: str, prefix: str = "queuecast:", **facts: str) -> Company:
        own = FACTS | {Fact[name]: value for name, value in facts.items()}
        under = settings.model_copy(update={"key_prefix": prefix})
        joined.append(Company(valkey, kind, under, own))
        joined[-1].join()
        return joined[-1]

    yield run
    for one in joined:
        one.leave()


def test_an_upgrade_goes_from_process_to_process(join) -> None:
    join("api")
    assert [one.fact for one in join("predict", MODELS="newer").differences()] == [Fact.MODELS]


@pytest.mark.parametrize("change", [{"DATABASE": "another"}, {"prefix": "q:"}])
def test_who_would_lose_jobs_does_not_start(join, change) -> None:
    api = join("api")
    with pytest.raises(StartupRefused, match=f"{api.name} lives with another"):
        join("sweeper", **change)


def test_who_has_left_contradicts_nobody(join) -> None:
    join("api").leave()
    assert join("sweeper", DATABASE="another").differences() == []


def test_who_died_is_forgotten_when_its_word_expires(join, valkey, keys) -> None:
    api = join("api")
    valkey.delete(keys.facts(api.name))
    join("sweeper", DATABASE="another")
    assert api.name.encode() not in valkey.smembers(keys.company)


def test_without_redis_nobody_is_asked(settings) -> None:
    away = redis.Redis(unix_socket_path="/nowhere", retry=Retry(NoBackoff(), 0))
    alone = Company(away, "api", settings, FACTS)
    alone.join()
    alone.leave()
