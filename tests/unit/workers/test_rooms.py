import pytest

from workers.rooms import REMEMBERED, Rooms


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(total=8, per_host=2)


def test_a_host_has_room_for_so_many(rooms: Rooms) -> None:
    assert [rooms.take("t", "a") for _ in range(3)] == [True, True, False]
    assert rooms.full_hosts("t") == ["a"]
    assert rooms.take("t", "b")
    assert rooms.left == 5


def test_the_host_of_one_tenant_is_not_that_of_another(rooms: Rooms) -> None:
    assert rooms.take("t", "a") and rooms.take("t", "a")
    rooms.remember("t", "b", failed=True)
    assert [rooms.take("u", "a") for _ in range(2)] == [True, True]
    assert rooms.full_hosts("t") == ["a"]


def test_what_is_no_longer_under_way_can_be_taken_again(rooms: Rooms) -> None:
    assert rooms.take("t", "a") and rooms.take("t", "a")
    rooms.hold([("t", "a")])
    assert [rooms.take("t", "a") for _ in range(2)] == [True, False]


def test_a_failing_host_has_room_for_one(rooms: Rooms) -> None:
    rooms.remember("t", "a", failed=True)
    assert [rooms.take("t", "a") for _ in range(2)] == [True, False]
    rooms.remember("t", "a", failed=False)
    assert rooms.take("t", "a")


def test_failing_hosts_leave_room_to_the_others_of_their_tenant(rooms: Rooms) -> None:
    dead = [f"dead-{number}" for number in range(8)]
    for host in dead:
        rooms.remember("t", host, failed=True)
    assert sum(rooms.take("t", host) for host in dead) == 4
    assert rooms.take("t", "alive")


@pytest.mark.parametrize("tenants", [1, 2, 4])
def test_slow_tenants_leave_room_to_another(tenants: int) -> None:
    rooms = Rooms(total=128, per_host=1)
    for tenant in map(str, range(tenants)):
        while rooms.take(tenant, str(rooms.left)):
            pass
    assert rooms.is_full("0")
    assert not rooms.is_full("quiet")
    assert rooms.take("quiet", "alive")
    assert rooms.in_turn(["0", "quiet"]) == ["quiet", "0"]


def test_who_sends_one_at_a_time_tries_a_failing_host_again() -> None:
    rooms = Rooms(total=1, per_host=1)
    rooms.remember("t", "a", failed=True)
    assert rooms.take("t", "a")
    assert rooms.is_full("u")


def test_only_so_many_receivers_are_remembered(rooms: Rooms) -> None:
    for number in range(REMEMBERED + 1):
        rooms.remember("t", str(number), failed=True)
    assert [rooms.take("t", "0") for _ in range(2)] == [True, True]
    assert [rooms.take("t", "1") for _ in range(2)] == [True, False]
