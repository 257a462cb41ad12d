"""Dataset files, line by line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.errors import DatasetError
from otel_i2e.models import Case, Document, Origin
from otel_i2e.workflows.dataset_file import case_line, dataset_hash, line_of, parse_dataset, put_case, read_dataset


def _file(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "refunds.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_cases_are_read_in_order_and_empty_lines_skipped(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends do no harm."""
    path = _file(tmp_path, '\ufeff{"id": "b", "input": "x"}\r', "", '{"id": "a", "input": {"messages": []}}', "")
    assert [case.id for case in read_dataset(path)] == ["b", "a"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{", "not JSON: "),
        ("[1]", "a case is a JSON object, and this line is [1]"),
        ('{"id": "a"}', "'input' is missing; a case needs id and input"),
        ('{"id": "a", "input": "x", "prioriy": "P0"}', "'prioriy' is not a field of a case; did you mean 'priority'?"),
        ('{"id": "a", "input": "x", "zzz": 1}', "'zzz' is not a field of a case; put it in metadata"),
        (
            '{"id": "a", "input": "x", "priority": "P9"}',
            "priority = 'P9' is not valid: Input should be 'P0', 'P1' or 'P2'",
        ),
        ('{"id": "", "input": "x"}', "id = '' is not valid"),
        ('{"id": "a", "input": 3}', "input = 3 is not valid"),
        ('{"id": "a", "input": "x", "must": [3]}', "must.0 = 3 is not valid"),
        ('{"id": "a", "input": "x", "must": [], "must": []}', "key 'must' is there twice"),
        ('{"id": "a", "input": "x", "expected": NaN}', "NaN is not JSON"),
        ('{"id": "a", "input": "x", "metadata": {"x": -1e999}}', "-1e999 is too large for a number"),
        ('{"id": "a", "input": "\\ud800"}', "half of a surrogate pair"),
        ('{"id": "a", "input": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_problem_names_the_line_the_value_and_the_rule(tmp_path: Path, row: str, says: str) -> None:
    """One line that can be acted on."""
    path = _file(tmp_path, '{"id": "ok", "input": "x"}', row)
    with pytest.raises(DatasetError) as caught:
        read_dataset(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert says in str(caught.value)


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    """Broken lines, bytes that are not UTF-8 and an id that occurs twice."""
    path = _file(tmp_path, '{"id": "a", "input": "x"}', "{", '{"id": "a", "input": "y"}')
    path.write_bytes(path.read_bytes() + b'\n{"id": "b", "input": "\xff"}')
    with pytest.raises(DatasetError) as caught:
        read_dataset(path)
    said = str(caught.value).splitlines()
    assert [row.split(": ")[0] for row in said] == [f"{path}:2", f"{path}:3", f"{path}:4"]
    assert "id 'a' is on line 1 already" in said[1]
    assert "byte 23 of the line is not UTF-8" in said[2]


def test_a_thousand_problems_are_counted(tmp_path: Path) -> None:
    """Twenty are said."""
    with pytest.raises(DatasetError, match="and 980 more problems"):
        read_dataset(_file(tmp_path, *["{"] * 1000))


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """The operating system's reason."""
    with pytest.raises(DatasetError, match="No such file"):
        read_dataset(tmp_path / "gone.jsonl")


def test_a_case_is_written_as_it_is_read(tmp_path: Path) -> None:
    """What is at its default is left out, but for the priority, which a reader of a diff wants to see."""
    case = Case(id="ä", input="x", must=[{"contains": "30"}], origin=Origin(trace_id="t"))
    assert case_line(case) == (
        '{"id": "ä", "input": "x", "must": [{"contains": "30"}], "priority": "P1", "origin": {"trace_id": "t"}}'
    )
    put_case(tmp_path / "new" / "a.jsonl", case)
    assert read_dataset(tmp_path / "new" / "a.jsonl") == [case]


def test_writing_a_case_changes_its_line_and_nothing_else(tmp_path: Path) -> None:
    """Odd spacing, a broken line, Windows line ends and a missing last line end all stay."""
    rows = ['{"input":  "x", "id": "a"}', "{broken", '{"id": "b", "input": "y"}\r', "", '{"id": "c", "input": "z"}']
    path = _file(tmp_path, *rows)
    assert put_case(path, Case(id="b", input="new")) == 3
    changed = path.read_bytes().split(b"\n")
    assert changed == [
        *(row.encode() for row in rows[:2]), b'{"id": "b", "input": "new", "priority": "P1"}\r', b"", rows[4].encode(),
    ]  # fmt: skip
    assert put_case(path, Case(id="d", input="last")) == 6
    assert path.read_bytes().split(b"\n") == [*changed, b'{"id": "d", "input": "last", "priority": "P1"}', b""]


def test_an_id_that_occurs_twice_is_not_written_over(tmp_path: Path) -> None:
    """Which of the two is meant cannot be known."""
    path = _file(tmp_path, '{"id": "a", "input": "x"}', '{"id": "a", "input": "y"}')
    before = path.read_bytes()
    with pytest.raises(DatasetError, match=":2: id 'a' is on line 1 already"):
        put_case(path, Case(id="a", input="z"))
    assert path.read_bytes() == before


def test_the_file_keeps_its_mode_and_leaves_no_draft(tmp_path: Path) -> None:
    """A new file is as readable as any other; a symbolic link stays one."""
    path = _file(tmp_path, '{"id": "a", "input": "x"}')
    path.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    put_case(link, Case(id="b", input="y"))
    put_case(tmp_path / "new.jsonl", Case(id="b", input="y"))
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new.jsonl").stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.jsonl", "new.jsonl", "refunds.jsonl"]


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """And the file stays as it was."""
    (tmp_path / "evals").write_text("a file, not a directory")
    with pytest.raises(DatasetError, match="cannot write dataset"):
        put_case(tmp_path / "evals" / "a.jsonl", Case(id="a", input="x"))


def test_a_case_is_found_with_its_line(tmp_path: Path) -> None:
    """None for a case or a file that is not there."""
    path = _file(tmp_path, "", '{"id": "a", "input": "x"}')
    found = line_of(path, "a")
    assert found is not None
    assert (found.number, found.case.input) == (2, "x")
    assert line_of(path, "b") is None
    assert line_of(tmp_path / "gone.jsonl", "a") is None


def test_the_hash_is_of_the_cases_and_not_of_the_file() -> None:
    """Order does not matter; any field does."""
    one, two = Case(id="a", input="x"), Case(id="b", input="y")
    assert dataset_hash([one, two]) == dataset_hash([two, one])
    assert dataset_hash([one]) != dataset_hash([one.model_copy(update={"priority": "P0"})])
    assert len(dataset_hash([])) == 12


_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(_text.filter(bool), _text, st.lists(_text, max_size=2), _text)
def test_every_case_survives_the_file(name: str, question: str, criteria: list[str], content: str) -> None:
    """One line, whatever characters are in it."""
    case = Case.model_validate(
        {"id": name, "input": question, "must": criteria, "context": {"documents": [Document(content=content)]}}
    )
    lines, problems = parse_dataset(case_line(case).encode() + b"\n", "x")
    assert problems == []
    assert [line.case for line in lines] == [case]
    assert json.loads(case_line(case))["id"] == name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
