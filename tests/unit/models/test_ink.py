import numpy as np
import pytest

from models.ink import drawn_cells
from shared.errors import JobFailed


@pytest.fixture
def sheet():
    """A dark bar, 40 high and 20 wide, on light paper."""
    grey = np.full((80, 80), 240, np.uint8)
    grey[20:60, 30:50] = 20
    return grey


def test_the_drawing_is_cut_out_centred_and_scaled(sheet):
    cells = drawn_cells(sheet, 8, 16.0)
    assert cells.shape == (8, 8)
    assert np.allclose(cells[:, 2:6], 16)
    assert not cells[:, :2].any() and not cells[:, 6:].any()


def test_light_on_dark_comes_out_like_dark_on_light(sheet):
    assert np.allclose(drawn_cells(255 - sheet, 8, 16.0), drawn_cells(sheet, 8, 16.0))


def test_place_and_scale_on_the_page_make_no_difference(sheet):
    larger = np.kron(np.roll(sheet, 9, axis=1), np.ones((2, 2), np.uint8))
    assert np.allclose(drawn_cells(larger, 8, 16.0), drawn_cells(sheet, 8, 16.0))


def test_cells_are_the_means_of_their_pixels():
    grey = np.full((12, 12), 255, np.uint8)
    grey[1:11, 1:11] = 255 - np.arange(100, dtype=np.uint8).reshape(10, 10) - 100
    cells = drawn_cells(grey, 5, 1.0)
    means = (np.arange(100).reshape(5, 2, 5, 2) + 100).mean((1, 3))
    assert np.allclose(cells, means / means.max())


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 200), (256, 256)])
def test_a_page_of_one_tone_fails_the_job(size):
    with pytest.raises(JobFailed) as failed:
        drawn_cells(np.full(size, 128, np.uint8), 8, 16.0)
    assert failed.value.code == "invalid_image"


def test_a_single_dot_on_a_thin_page_is_enough():
    grey = np.full((2, 50), 255, np.uint8)
    grey[1, 25] = 0
    assert np.isfinite(drawn_cells(grey, 8, 16.0)).all()
