"""Freed memory of large arrays stays with the process, up to a bound."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from workers.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bytearray(600_000)
before = faults()
for _ in range(100):
    bytearray(600_000)
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told")
def test_arrays_made_anew_take_the_memory_of_those_before() -> None:
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("kept") < faults("as it is") / 2
