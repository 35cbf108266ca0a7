import sys

import pytest

from models.folder_code import import_file


def test_files_of_one_name_stay_apart(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "contract.py").write_text(f"NAME = '{name}'")
    modules = [import_file(tmp_path / name / "contract.py") for name in ("one", "two")]
    assert [module.NAME for module in modules] == ["one", "two"]


def test_a_file_is_executed_once(tmp_path):
    (tmp_path / "contract.py").write_text("MARK = object()")
    assert import_file(tmp_path / "contract.py") is import_file(tmp_path / "contract.py")


def test_a_file_that_raises_leaves_no_module_behind(tmp_path):
    (tmp_path / "contract.py").write_text("raise RuntimeError")
    before = set(sys.modules)
    with pytest.raises(RuntimeError):
        import_file(tmp_path / "contract.py")
    assert set(sys.modules) == before
