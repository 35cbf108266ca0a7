"""What may lie on a Celery queue: bells that are doubled, damaged, for nothing."""

from collections.abc import Sequence

from loadtests.chaos.counted_models import ROWS
from loadtests.chaos.faults.fault import Fault, Scene
from shared.backlog.bells import Bell, Bells
from shared.domain.names import RECORD, Backlog, Keys, Stage

BELLS = Bells(Keys("queuecast:"), {})


def ring_too_often(scene: Scene) -> None:
    for backlog in _backlogs():
        _push(scene, BELLS.of(backlog), [BELLS.of(backlog).message] * 30)


def ring_for_nothing(scene: Scene) -> None:
    for name in ("none", "quick:99"):
        model, _, version = name.partition(":")
        bell = BELLS.of(Backlog(Stage.PREPROCESS, model, version or "1"))
        _push(scene, bell, [bell.message])


def damage(scene: Scene) -> None:
    """Cut off, of another form, of no form at all."""
    bell = BELLS.of(Backlog(Stage.PREPROCESS, "quick", "1"))
    whole = bell.message
    damaged = [whole[: len(whole) // 2], b"\xff\x00", b"[]", b"{}", b"null", b"", whole[::-1]]
    for queue in (bell, BELLS.of(RECORD), BELLS.of(Backlog(Stage.PREDICT, "quick", "1"))):
        _push(scene, queue, damaged)


def _backlogs() -> list[Backlog]:
    stages = (Stage.PREPROCESS, Stage.PREDICT)
    return [RECORD, *(Backlog(stage, model, "1") for stage in stages for model in ROWS)]


def _push(scene: Scene, bell: Bell, messages: Sequence[bytes]) -> None:
    scene.servers.redis.client().lpush(bell.queue, *messages)


FAULTS = [
    Fault("bells doubled", ring_too_often),
    Fault("bells for nothing", ring_for_nothing, 1),
    Fault("bells damaged", damage),
]
