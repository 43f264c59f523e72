"""Writes tables.txt: one small feature table in the forms in which pyarrow and pandas write Parquet files.

Usage: python make.py OUTPUT
"""

import datetime
import io
import sys
from pathlib import Path

import pandas
import pyarrow
from pyarrow import parquet

FRAME = pandas.DataFrame(
    {
        "patient_id": ["p1", "p1", "p2", "=p3"],
        "label": [10, 10, 9, 9],
        "slice": pandas.array([0, 4, None, 2], dtype="Int64"),
        "scanner": ["GE", None, "GE", "Philips"],
        "seen": [datetime.datetime(2020, 1, day) for day in (1, 2, 3, 4)],
        "x": [0.1 + 0.2, float("nan"), -1e-300, 1e22],
        "y": pandas.array([1.5, 2.5, None, 1.5], dtype="float32"),
        "n": pandas.array([3, 3, 3, 70000], dtype="int32"),
    },
    index=["a", "b", "c", "d"],
)


def table(**options):
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pandas(FRAME), out, store_schema=False, **options)
    return out.getvalue()


def main(output):
    default = io.BytesIO()
    FRAME.to_parquet(default, engine="pyarrow")
    forms = {
        "pandas": default.getvalue(),
        "plain": table(compression="none", use_dictionary=False),
        "pages_2": table(compression="snappy", data_page_version="2.0"),
        "row_groups": table(compression="snappy", row_group_size=3),
        "zstd": table(compression="zstd"),
        "delta": table(
            compression="none", use_dictionary=False, column_encoding={"label": "DELTA_BINARY_PACKED"}
        ),
    }
    lines = [f"{name} {content.hex()}" for name, content in forms.items()]
    Path(output, "tables.txt").write_text("\n".join(lines) + "\n")
    print(pandas.__version__, pyarrow.__version__)


main(sys.argv[1])
