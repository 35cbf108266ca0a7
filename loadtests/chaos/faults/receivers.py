"""What may happen to the receiver of webhooks."""

from loadtests.chaos.faults.fault import Fault, Scene


def fail(scene: Scene) -> None:
    with scene.receiver.being_down():
        scene.last(1.0, 4.0)


FAULTS = [Fault("webhook receiver fails", fail)]
