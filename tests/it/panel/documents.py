"""Reads documents as monitors in Python do, and prints what it finds as JSON.

    python3 documents.py FOLDER

For each file: its structure, the paths of all elements or keys in their order,
and its values by path. A file that cannot be read ends it.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def of_xml(element, path):
    path = f"{path}/{element.tag}"
    yield path, element.text or ""
    for name, value in element.attrib.items():
        yield f"{path}@{name}", value
    for child in element:
        yield from of_xml(child, path)


def of_json(value, path):
    if isinstance(value, dict):
        yield path, ""
        for name, one in value.items():
            yield from of_json(one, f"{path}/{name}")
    elif isinstance(value, list):
        yield path, ""
        for one in value:
            yield from of_json(one, f"{path}/*")
    else:
        yield path, str(value)


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


found = {}
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    body = file.read_bytes()
    if file.suffix == ".json":
        parts = list(of_json(json.loads(body, parse_constant=no_constant), ""))
    else:
        parts = list(of_xml(ElementTree.fromstring(body), ""))
    found[file.name] = {"structure": [path for path, _ in parts], "values": dict(parts)}
json.dump(found, sys.stdout)
