"""Writes ibsi1.csv and ibsi2.csv, the reference values of the two IBSI manuals.

usage: python make.py FOLDER_1 NAMES FILE_2 OUTPUT_FOLDER
  FOLDER_1  tables `reference value;tolerance;tag` of IBSI 1 (mirp, test/data/ibsi_1_reference_values)
  NAMES     list of feature tags and permanent identifiers (mirp, docs_source/source/features_names.rst)
  FILE_2    reference_values.csv of IBSI 2 (theibsi/ibsi_2_reference_data)
"""
import csv
import re
import sys
from pathlib import Path

folder, names, second, out = map(Path, sys.argv[1:5])

DATASETS = {
    "digital_phantom": "ibsi_1_dig_phantom.csv",
    **{f"ct_{c}": f"ibsi_1_chest_config_{c}.csv" for c in "abcde"},
}
# Endings of texture tags. `comb` is the merged matrix.
WITH_DIRECTIONS = {
    "2D_avg": "2D:avg", "2D_comb": "2D:mrg", "2_5D_avg": "2.5D:dmrg", "2_5D_comb": "2.5D:vmrg",
    "2.5D_avg": "2.5D:dmrg", "2.5D_comb": "2.5D:vmrg", "3D_avg": "3D:avg", "3D_comb": "3D:mrg",
}
WITHOUT = {"2D": "2D", "2_5D": "2.5D", "2.5D": "2.5D", "3D": "3D"}

ids = {}
for line in names.read_text().splitlines():
    found = re.match(r"\* `(\w+)`:.*\(`(\w{4})`", line)
    if found:
        ids[found[1]] = found[2]


def parts(tag):
    if re.match(r"(cm|rlm)_", tag):
        endings = WITH_DIRECTIONS
    elif re.match(r"(szm|dzm|ngt|ngl)_", tag):
        endings = WITHOUT
    else:
        return tag, ""
    for ending in sorted(endings, key=len, reverse=True):
        if tag.endswith("_" + ending):
            return tag[: -len(ending) - 1], endings[ending]
    raise ValueError(tag)


rows = []
for dataset, file in DATASETS.items():
    for row in csv.DictReader(open(folder / file), delimiter=";"):
        if not row["reference value"]:
            continue
        tag, aggregation = parts(row["tag"])
        identifier = ids.get(tag, "")
        rows.append([dataset, tag, identifier, aggregation, row["reference value"], row["tolerance"]])

with open(out / "ibsi1.csv", "w", newline="\n") as file:
    file.write("# IBSI 1: reference values; source, licence and script in README.md\n")
    file.write("dataset,tag,ibsi_id,aggregation,value,tolerance\n")
    for row in rows:
        file.write(",".join(row) + "\n")
features = [row for row in rows if row[2]]
print(len(rows), "rows,", len(features), "features,", len(rows) - len(features), "diagnostics")
for dataset in DATASETS:
    print(dataset, sum(row[0] == dataset for row in features))

with open(out / "ibsi2.csv", "w", newline="\n") as file:
    file.write("# IBSI 2, phase 2: reference values; source, licence and script in README.md\n")
    file.write("filter,tag,ibsi_id,value,tolerance\n")
    count = 0
    for row in csv.DictReader(open(second), delimiter=";"):
        value = row["consensus_value"]
        if value in ("", "NA"):
            continue
        file.write(",".join([row["filter_id"], row["feature_tag"], ids[row["feature_tag"]], value, row["tolerance"]]) + "\n")
        count += 1
print(count, "values of phase 2")
