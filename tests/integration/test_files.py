"""Files through a whole system."""

from pathlib import Path

import numpy as np
from PIL import Image

from queuecast import Client
from queuecast.commands import run


def test_a_picture_larger_than_a_body_is_predicted(client: Client, tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (800, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > 1 << 20
    job = client.submit("digits", {"image": tmp_path / "large.png"})
    uploaded = next(client.files(limit=1))
    assert uploaded.name == "large.png"
    client.delete_file(uploaded)
    assert "label" in client.wait(job, timeout_seconds=30).output


def test_the_command_uploads_and_predicts(system, tmp_path: Path, capsys) -> None:
    sample = "models/digits/samples/0003-label-3.png"
    root = Path(__file__).parents[2]
    at = ("--url", system.url)
    assert run(["files", "upload", str(root / sample), *at]) == 0
    url = capsys.readouterr().out.strip()
    assert run(["predict", "digits", "--json", f'{{"image": "{url}"}}', *at]) == 0
    assert '"label": 3' in capsys.readouterr().out
    assert run(["files", "delete", url.rpartition("/")[2], *at]) == 0
