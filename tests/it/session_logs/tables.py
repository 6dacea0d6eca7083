"""Reads tables as scripts in Python do, and prints their rows as JSON.

    python3 tables.py comma|tab < FILE

Those with commas are read by what RFC 4180 says, those with tabs without quotes.
"""

import csv
import io
import json
import sys

text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
if sys.argv[1] == "comma":
    rows = csv.reader(text, strict=True)
else:
    rows = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
json.dump(list(rows), sys.stdout)
