import pytest

from workers.rooms import REMEMBERED_HOSTS, Rooms


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(total=8, per_host=2)


def test_a_host_has_room_for_so_many(rooms: Rooms) -> None:
    assert [rooms.take("a") for _ in range(3)] == [True, True, False]
    assert rooms.full() == ["a"]
    assert rooms.take("b")
    assert rooms.left == 5


def test_what_is_given_back_can_be_taken_again(rooms: Rooms) -> None:
    assert rooms.take("a") and rooms.take("a")
    rooms.give_back("a")
    assert rooms.take("a")
    assert not rooms.take("a")


def test_a_failing_host_has_room_for_one(rooms: Rooms) -> None:
    rooms.remember("a", failed=True)
    assert [rooms.take("a") for _ in range(2)] == [True, False]
    rooms.remember("a", failed=False)
    assert rooms.take("a")


def test_failing_hosts_leave_half_of_the_room_to_the_others(rooms: Rooms) -> None:
    dead = [f"dead-{number}" for number in range(8)]
    for host in dead:
        rooms.remember(host, failed=True)
    assert sum(map(rooms.take, dead)) == 4
    assert rooms.take("alive")


def test_who_sends_one_at_a_time_tries_a_failing_host_again() -> None:
    rooms = Rooms(total=1, per_host=1)
    rooms.remember("a", failed=True)
    assert rooms.take("a")


def test_only_so_many_hosts_are_remembered(rooms: Rooms) -> None:
    for number in range(REMEMBERED_HOSTS + 1):
        rooms.remember(str(number), failed=True)
    assert rooms.of("0") == 2
    assert rooms.of("1") == 1
