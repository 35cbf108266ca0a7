import pytest

from deploy.local.pip_trouble import explain

OFFLINE = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'
ERROR: Could not find a version that satisfies the requirement six==1.17.0 (from versions: none)
ERROR: No matching distribution found for six==1.17.0
"""
NO_WHEEL = """\
Collecting onnxruntime==1.31.1
ERROR: Could not find a version that satisfies the requirement onnxruntime==1.31.1
ERROR: No matching distribution found for onnxruntime==1.31.1
"""
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        (OFFLINE, "no network: the package index cannot be reached"),
        ("error: Failed to fetch\n  Caused by: dns error: no such host", "no network: the package"),
        (NO_WHEEL, "ERROR: No matching distribution found for onnxruntime==1.31.1"),
        (FULL, "the disk is full"),
        ("Killed\n", "Killed"),
        ("", "it failed without a word"),
    ],
)
def test_the_cause_is_named_in_one_line(output, cause):
    assert explain(output).startswith(cause)
    assert "\n" not in explain(output)
