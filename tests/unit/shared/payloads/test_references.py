import pytest

from shared.payloads import references
from shared.payloads.references import Kind

ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def test_every_name_that_is_given_is_a_reference() -> None:
    given = [references.new_input(), references.new_tensors(ID, 1), references.new_output(ID, 99)]
    given.append(references.of_file(ID))
    assert all(map(references.is_reference, given))
    assert [references.kind(one) for one in given] == list(Kind)


def test_a_row_has_room_for_a_reference() -> None:
    from shared.jobs.table import job_table

    longest = references.new_output(ID, 2**31 - 1)
    assert len(longest) <= job_table.c.output_ref.type.length


def test_tensors_and_outputs_tell_who_wrote_them() -> None:
    assert references.writer(references.new_tensors(ID, 3)) == (ID, 3)
    assert references.writer(references.new_output(ID, 12)) == (ID, 12)


def test_the_content_of_a_file_tells_whose_it_is() -> None:
    assert references.file_of(references.of_file(ID)) == ID
    assert references.file_of(f"inputs/{ID}") is None


@pytest.mark.parametrize("name", [f"inputs/{ID}", f"outputs/{ID}", f"tensors/{'0' * 36}.1"])
def test_other_names_tell_nothing(name: str) -> None:
    assert references.writer(name) is None


def test_two_outputs_of_one_attempt_do_not_meet() -> None:
    assert references.new_output(ID, 1) != references.new_output(ID, 1)
