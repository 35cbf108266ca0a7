import json
import subprocess
import sys

# A carriage return is left out: the pipe of the test would change it.
TRICKS = ["a\nb", "\x1b[31mred", "%s %(x)s", "${jndi:ldap://x}", "{0}", "\u2028", "\0"]
PROGRAM = """
import sys, structlog
from shared.telemetry import logs
logs.configure()
structlog.get_logger().warning("met", path=sys.stdin.read())
"""


def test_what_a_client_sent_stays_within_one_line_of_json() -> None:
    text = "".join(TRICKS)
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    [line] = run.stderr.split("\n")[:-1]
    assert json.loads(line)["path"] == text
    assert "\x1b" not in line
