"""How often Python looks for reference cycles: seldom, and never among what stays anyway."""

import gc

YOUNG_OBJECTS = 20_000
"""So many new objects may live before it looks at them: some megabytes. A group of jobs alone makes
the 700 that are usual, and all of them are in use: to look took 4 % of a job's CPU."""


def settle() -> None:
    """To be called once all that a process needs is loaded.

    Unfrozen, every full collection looks through it, and an event loop stands still for 50 to
    130 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
