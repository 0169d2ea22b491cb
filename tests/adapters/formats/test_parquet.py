"""Actions in Parquet files: ours, and those of others."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overshoot.adapters.formats.parquet import ROWS_IN_A_GROUP, Parquet
from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError
from overshoot.testing.contracts.action_format import WAVE, ActionFormatContract, read, written

TABLE: dict[str, Any] = {
    "action": ["waving", "nodding"],
    "timestamp": [1.5, 2.0],
    "frame_number": [45, 60],
    "confidence": [0.9, 0.8],
    "duration": [None, 0.5],
    "metadata": ["{}", '{"a": [1]}'],
}


def table(**columns: Any) -> bytes:
    file = io.BytesIO()
    given = {name: values for name, values in {**TABLE, **columns}.items() if values is not None}
    pq.write_table(pa.table(given), file)
    return file.getvalue()


class TestParquet(ActionFormatContract):
    format = Parquet()
    most_held = 2 * ROWS_IN_A_GROUP + 1  # The group that is written, and the next.


def test_the_columns_have_types_that_others_understand() -> None:
    data = written(Parquet(), [WAVE])
    schema = pq.read_schema(io.BytesIO(data))
    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "action": "string",
        "timestamp": "double",
        "frame_number": "int64",
        "confidence": "double",
        "duration": "double",
        "metadata": "string",
    }
    assert pq.read_table(io.BytesIO(data)).to_pylist() == [
        WAVE.to_dict() | {"metadata": '{"who": "Jürgen"}'}
    ]


def test_many_actions_are_several_groups() -> None:
    data = written(Parquet(), [WAVE] * (ROWS_IN_A_GROUP + 1))
    with pq.ParquetFile(io.BytesIO(data)) as file:
        assert file.num_row_groups == 2
        assert file.metadata.num_rows == ROWS_IN_A_GROUP + 1


def test_tables_of_others_are_read() -> None:
    data = table(
        action=pa.array(["waving", "nodding"]).dictionary_encode(),
        timestamp=pa.array([1, 2], pa.int32()),
        frame_number=pa.array([45, 60], pa.uint16()),
        confidence=pa.array([0.5, 1], pa.float32()),
        duration=pa.nulls(2),
        metadata=pa.array(["{}", None], pa.large_string()),
    )
    assert read(Parquet(), data) == [
        DetectedAction("waving", 1, 45, 0.5),
        DetectedAction("nodding", 2, 60, 1),
    ]


def test_what_has_a_default_may_be_missing_and_the_order_is_free() -> None:
    wanted = [DetectedAction("waving", 1.5, 45, 0.9), DetectedAction("nodding", 2.0, 60, 0.8)]
    names = ["confidence", "timestamp", "action", "frame_number"]
    file = io.BytesIO()
    pq.write_table(pa.table({name: TABLE[name] for name in names}), file)
    assert read(Parquet(), file.getvalue()) == wanted


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"timestamp": ["1.5", "2"]}, "column 'timestamp' must hold numbers, and holds string"),
        ({"action": [1, 2]}, "column 'action' must hold texts, and holds int64"),
        ({"action": [b"a", b"b"]}, "column 'action' must hold texts, and holds binary"),
        ({"frame_number": [1.0, 2.0]}, "column 'frame_number' must hold whole numbers"),
        ({"confidence": [True, False]}, "column 'confidence' must hold numbers, and holds bool"),
        ({"metadata": [{"a": 1}, {"a": 2}]}, "column 'metadata' must hold JSON texts"),
        ({"confidence": None}, "missing: confidence"),
        ({"score": [1, 2]}, "unknown: score"),
        ({"action": ["a", None]}, "record 2: .*action must be .*, got None"),
        ({"timestamp": [1.0, float("nan")]}, "record 2: .*timestamp must be .*, got nan"),
        ({"duration": [float("inf"), 1.0]}, "record 1: .*duration must be .*, got inf"),
        ({"frame_number": [1, -1]}, "record 2: .*frame_number must be .*, got -1"),
        ({"metadata": ["{}", "{"]}, "record 2: metadata is not JSON"),
        ({"metadata": ["{}", "[1]"]}, r"record 2: .*metadata must be .*, got \[1\]"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read(Parquet(), table(**columns))


def test_a_column_that_is_there_twice_is_refused() -> None:
    file = io.BytesIO()
    columns = [*TABLE.values(), TABLE["action"]]
    names = [*TABLE, "action"]
    pq.write_table(pa.Table.from_arrays([pa.array(each) for each in columns], names), file)
    with pytest.raises(StoreError, match="given twice: action"):
        read(Parquet(), file.getvalue())


@pytest.mark.parametrize("cut", [0, 3, 60, -1])
def test_a_file_that_is_cut_off_or_none_is_refused(cut: int) -> None:
    with pytest.raises(StoreError, match="cannot be read as Parquet"):
        read(Parquet(), table()[:cut])


def test_a_file_with_other_bytes_in_it_is_refused_or_read_but_nothing_else() -> None:
    whole = table()
    for at in range(4, len(whole), 11):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        try:
            found = read(Parquet(), bytes(broken))
        except StoreError:
            continue
        assert all(isinstance(each, DetectedAction) for each in found)
