"""`python -m api.alive`: exit code 0 while the API on this machine answers. For health checks."""

import argparse
import http.client
import sys

PATIENCE_SECONDS = 2.5


def is_alive(port: int) -> bool:
    """Whether `/health/live` on 127.0.0.1 answers 200 in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m api.alive", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    sys.exit(not is_alive(parser.parse_args().port))
