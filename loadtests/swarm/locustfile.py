"""Users of the service: each class waits for its results in another way.

Locust imports this by its path; the files beside it are its neighbours. QUEUECAST_API_KEY holds a
key where one is asked for. SWARM_SHAPE chooses how many users there are when.
"""

import os

import shapes
import thresholds
from users import (
    PollingUser,
    RepeatingUser,
    StreamingUser,
    UploadingUser,
    WaitingUser,
    WebhookUser,
)

__all__ = [
    "PollingUser",
    "RepeatingUser",
    "StreamingUser",
    "UploadingUser",
    "WaitingUser",
    "WebhookUser",
]

thresholds.watch()

if os.environ.get("SWARM_SHAPE"):
    Shape = shapes.chosen(os.environ["SWARM_SHAPE"])
