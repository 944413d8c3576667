#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check documents against the JSON Schemas of this folder.

usage: check.py [FILE...]     without files: every profile, example and recorded machine of the tree

Prints one line a finding and exits 1 where there is one. The schemas are for editors; what decides is
`bedplate validate`, which also knows what has to hold between several keys.
"""

import json
import pathlib
import sys

import jsonschema
import yaml

FOLDER = pathlib.Path(__file__).resolve().parent
TREE = FOLDER.parent.parent
KINDS = ("profile", "site", "secrets", "inventory")


def validators():
    """The validator of each schema, by the text that stands in the documents' `schema` key."""
    result = {}
    for kind in KINDS:
        schema = json.loads((FOLDER / f"{kind}-v1.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        result[f"bedplate/{kind}/v1"] = jsonschema.Draft202012Validator(schema)
    return result


def findings(path, known):
    text = path.read_text()
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema not in known:
        return [f"unknown schema {schema!r}"]
    return [f"{error.json_path}: {error.message[:200]}" for error in known[schema].iter_errors(document)]


def main(arguments):
    paths = [pathlib.Path(argument) for argument in arguments] or sorted(
        [*TREE.glob("profiles/**/*.yaml"), *TREE.glob("tests/machines/*/inventory.json")]
    )
    known = validators()
    wrong = 0
    for path in paths:
        for finding in findings(path, known):
            wrong += 1
            print(f"{path}: {finding}")
    print(f"{len(paths)} documents, {wrong} findings", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
