import subprocess
import sys
import threading

from deploy.local.paths import ROOT
from workers.alive import AliveFile, is_alive


def asked(*words):
    """What `python -m workers.alive` answers."""
    command = [sys.executable, "-m", "workers.alive", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def test_a_promise_holds_for_its_time(tmp_path):
    file = tmp_path / "alive"
    assert is_alive(file) is None
    AliveFile(file).promise(60)
    assert is_alive(file) is True
    AliveFile(file).promise(-1)
    assert is_alive(file) is False


def test_a_full_disk_stops_nobody(tmp_path):
    AliveFile(tmp_path / "nowhere" / "alive").promise(60)


def test_a_health_check_reads_the_file(tmp_path):
    file = tmp_path / "alive"
    assert asked(file) == (1, "has not begun yet")
    AliveFile(file).promise(60)
    assert asked(file) == (0, "alive")
    file.write_text("x")
    assert asked(file) == (1, "does nothing any more")


def test_who_looks_while_it_is_renewed_sees_one_promise_or_the_other(tmp_path):
    file = tmp_path / "alive"
    renewing = AliveFile(file)
    renewing.promise(60)
    over = threading.Event()

    def renew() -> None:
        while not over.is_set():
            renewing.promise(60)

    thread = threading.Thread(target=renew)
    thread.start()
    seen = {is_alive(file) for _ in range(3000)}
    over.set()
    thread.join()
    assert seen == {True}
