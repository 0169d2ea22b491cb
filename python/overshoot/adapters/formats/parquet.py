"""Actions as Apache Parquet, with pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from overshoot.domain.action_record import (
    action_of,
    check_columns,
    json_of,
    metadata_of,
    record_of,
)
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

ROWS_IN_A_GROUP: Final = 16_384

_FIELDS: Final[list[pa.Field[Any]]] = [
    pa.field("action", pa.string(), nullable=False),
    pa.field("timestamp", pa.float64(), nullable=False),
    pa.field("frame_number", pa.int64(), nullable=False),
    pa.field("confidence", pa.float64(), nullable=False),
    pa.field("duration", pa.float64()),
    pa.field("metadata", pa.string(), nullable=False),
]
_SCHEMA: Final = pa.schema(_FIELDS)


class Parquet:
    """A row for each action, in groups of 16,384; ``metadata`` is a column of JSON texts."""

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all."""
        rows = map(_row, actions)
        with pq.ParquetWriter(file, _SCHEMA) as writer:
            while group := list(islice(rows, ROWS_IN_A_GROUP)):
                writer.write_batch(pa.RecordBatch.from_pylist(group, _SCHEMA))

    def read(self, file: BinaryIO) -> Iterator[DetectedAction]:
        """The actions of a table whose columns may be in any order."""
        try:
            with pq.ParquetFile(file) as table:
                _check_types(table.schema_arrow)
                batches = table.iter_batches()  # pyright: ignore[reportUnknownMemberType] - of a list
                rows = (row for batch in batches for row in batch.to_pylist())
                for number, row in enumerate(rows, start=1):
                    yield _action(row, f"record {number}")
        except (pa.ArrowException, OSError, ValueError) as cause:  # ValueError: a text in no UTF-8.
            message = f"it cannot be read as Parquet: {cause}"
            raise StoreError(message) from cause


def _row(action: DetectedAction) -> dict[str, Any]:
    return record_of(action) | {"metadata": json_of(action, action.metadata)}


def _action(row: dict[str, Any], place: str) -> DetectedAction:
    if "metadata" in row:
        row["metadata"] = metadata_of(row["metadata"] or "", f"{place}: metadata")
    return action_of(row, place)


def _check_types(schema: pa.Schema) -> None:
    check_columns(schema.names, "the table")
    for name, kind in zip(schema.names, schema.types, strict=True):
        wanted, fits = _TYPES[name]
        if not fits(kind):
            message = f"the column {name!r} must hold {wanted}, and holds {kind}"
            raise StoreError(message)


def _is_text(type: pa.DataType) -> bool:
    if pa.types.is_dictionary(type):
        return _is_text(type.value_type)
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(fits(type) for fits in kinds)


def _is_number(type: pa.DataType) -> bool:
    return pa.types.is_floating(type) or pa.types.is_integer(type)


def _is_number_or_nothing(type: pa.DataType) -> bool:
    return _is_number(type) or pa.types.is_null(type)


_TYPES: Final[dict[str, tuple[str, Callable[[pa.DataType], bool]]]] = {
    "action": ("texts", _is_text),
    "timestamp": ("numbers", _is_number),
    "frame_number": ("whole numbers", pa.types.is_integer),
    "confidence": ("numbers", _is_number),
    "duration": ("numbers", _is_number_or_nothing),
    "metadata": ("JSON texts", _is_text),
}
