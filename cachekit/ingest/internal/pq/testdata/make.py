# Makes the files of this folder: python make.py (pandas 3.1, pyarrow 26, polars 2.1, duckdb 2.0).
import datetime as dt
from decimal import Decimal as D

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

types = pa.table({
    "date": pa.array([dt.date(2024, 1, 2), None, dt.date(1969, 12, 31)]),
    "wall": pa.array([1, 2, None], pa.timestamp("ms")),
    "utc": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
    "berlin": pa.array([1, 2, None], pa.timestamp("ns", "Europe/Berlin")),
    "price": pa.array([D("123.4567"), None, D("-0.0001")], pa.decimal128(18, 4)),
    "wide": pa.array([D("12345678901234567890.12345678"), None, D("-1.00000001")], pa.decimal128(38, 8)),
    "u64": pa.array([2**64 - 1, 1, None], pa.uint64()),
    "u8": pa.array([255, 1, None], pa.uint8()),
    "i64": pa.array([2**53 + 1, -1, None]),
    "large": pa.array(["a", "é", None], pa.large_string()),
    "flag": pa.array([True, False, None]),
    "list": pa.array([[1], [], None]),
    "struct": pa.array([{"x": 1, "y": 2}, None, None]),
    "time": pa.array([dt.time(1, 2), None, None]),
    "dict": pa.array(["x", "y", "x"]).dictionary_encode(),
    "half": pa.array(np.array([1.5, np.nan, -65504], "f2")),
    "null": pa.nulls(3),
    "double": pa.array([1.0, 2.0, 3.0]),
})
pq.write_table(types, "pyarrow.parquet", compression="lz4")
pq.write_table(types, "pyarrow_v2.parquet", compression="brotli", data_page_version="2.0", use_dictionary=False,
               store_decimal_as_integer=True, write_page_checksum=True)
common = types.drop_columns(["half", "null"])
pl.from_arrow(common).write_parquet("polars.parquet")
duckdb.sql("select * from common").write_parquet("duckdb.parquet")

index = pd.date_range("2024-01-02 09:30", periods=3, freq="min", tz="America/New_York")
frame = pd.DataFrame({"close": [1.0, 2.0, 3.0]}, index=index)
frame.to_parquet("pandas.parquet")
frame.reset_index(drop=True).to_parquet("pandas_range.parquet")
pq.write_table(pa.Table.from_pandas(frame), "int96.parquet", use_deprecated_int96_timestamps=True)
