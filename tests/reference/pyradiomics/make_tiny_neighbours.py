"""Reference values of PyRadiomics on slices and volumes of a few voxels, for the families that look at
neighbours or zones: gldm, glszm, ngtdm.

usage: python make_tiny_neighbours.py OUTPUT.csv

The images stand here as text: '|' ends a slice, '/' a row, '.' is a voxel outside the region. Each is its
own bounding box. The feature classes are called directly, because the extractor refuses regions that are
one voxel wide. A feature that fails or is undefined is nan.
"""

import csv
import logging
import sys

import numpy
import radiomics
import SimpleITK as sitk
from radiomics import gldm, glszm, ngtdm

CLASSES = {
    "gldm": gldm.RadiomicsGLDM,
    "glszm": glszm.RadiomicsGLSZM,
    "ngtdm": ngtdm.RadiomicsNGTDM,
}

SHAPES = [
    ("one voxel", "7"),
    ("two neighbours", "7 40"),
    ("one row", "3 3 4 9 1 1"),
    ("one column", "3/3/4/9/1/1"),
    ("one column along z", "3|3|4|9|1|1"),
    ("one row with a gap", "3 3 . 3 4"),
    ("two voxels apart in a row", "3 . 3"),
    ("two voxels apart in a row, two levels", "3 . 5"),
    ("two voxels apart in a slice", "3 . ./. . 5"),
    ("two voxels apart in a volume", "3 ./. .|. ./. .|. ./. 5"),
    ("two corners of a cube", "3 ./. .|. ./. 5"),
    ("one apart from the rest", "4 4 . ./4 6 . ./. . . 9"),
    ("flat slice", "9 9 9/9 9 9/9 9 9"),
    ("flat cube", "9 9/9 9|9 9/9 9"),
    ("two flat parts apart", "9 9 . . 2 2/9 9 . . 2 2"),
    ("chessboard", "1 2 1/2 1 2/1 2 1|2 1 2/1 2 1/2 1 2|1 2 1/2 1 2/1 2 1"),
    ("levels and counts balance", "1 1 1 3"),
    ("levels and counts balance but for rounding", "1 1 1 1 1 5"),
    ("layers", "1 1/1 1|4 4/4 4|9 9/9 9"),
    ("diagonal through a cube", "1 . ./. . ./. . .|. . ./. 1 ./. . .|. . ./. . ./. . 2"),
    ("slice with nothing between", "1 2/3 4|. ./. .|4 3/2 1"),
    ("hollow cube", "5 6 5/6 6 6/5 6 5|6 6 6/6 . 6/6 6 6|5 6 5/6 6 6/5 6 5"),
]

# Distances, gldm_a, force2D.
SETTINGS = [([1], 0, False), ([1], 0, True), ([2], 1, False), ([1, 2], 2, False), ([1, 2], 1, True)]


def cases():
    for name, text in SHAPES:
        for settings in SETTINGS:
            yield name, text, {"binWidth": 1}, settings
    for seed in range(30):
        rng = numpy.random.default_rng(seed)
        shape = rng.integers(1, 6, 3) + [0, 1, 1]
        values = rng.integers(-20, 60, shape) // rng.integers(1, 12)
        inside = rng.random(shape) < rng.uniform(0.2, 0.95)
        inside[0, 0, 0] = inside[-1, -1, -1] = True
        text = "|".join(
            "/".join(" ".join(str(v) if i else "." for v, i in zip(*row)) for row in zip(*plane))
            for plane in zip(values, inside)
        )
        rule = [{"binWidth": 1}, {"binWidth": 5}, {"binCount": 6}][seed % 3]
        yield f"random {seed}", text, rule, SETTINGS[seed % len(SETTINGS)]


def images(text):
    cells = [
        [[None if c == "." else float(c) for c in row.split()] for row in plane.split("/")]
        for plane in text.split("|")
    ]
    values = numpy.array([[[c or 0.0 for c in row] for row in plane] for plane in cells])
    mask = numpy.array([[[c is not None for c in row] for row in plane] for plane in cells])
    return sitk.GetImageFromArray(values), sitk.GetImageFromArray(mask.astype(numpy.uint8))


def values_of(text, settings):
    image, mask = images(text)
    found = {}
    for family, feature_class in CLASSES.items():
        names = sorted(name for name, old in feature_class.getFeatureNames().items() if not old)
        try:
            values = feature_class(image, mask, label=1, **settings).execute()
        except Exception as error:
            print(f"{family} failed on {text} {settings}: {error}")
            values = {}
        for name in names:
            value = numpy.asarray(values.get(name, numpy.nan))
            found[f"original_{family}_{name}"] = repr(float(value)) if value.size == 1 else "nan"
    return found


def main():
    radiomics.setVerbosity(logging.CRITICAL + 1)
    numpy.seterr(all="ignore")
    rows = []
    for name, text, rule, (distances, alpha, in_slices) in cases():
        settings = {"distances": distances, "gldm_a": alpha, "force2D": in_slices, "force2Ddimension": 0}
        (key, parameter), = rule.items()
        row = {
            "case": name.replace(",", ";"),
            "voxels": text,
            "discretisation": f"{key}={parameter}",
            "distances": " ".join(map(str, distances)),
            "gldm_a": alpha,
            "planes": "slices" if in_slices else "volume",
        }
        rows.append(row | values_of(text, settings | rule))
    with open(sys.argv[1], "w", newline="") as file:
        file.write(f"# PyRadiomics {radiomics.__version__}, numpy {numpy.__version__}, "
                   f"SimpleITK {sitk.Version_VersionString()}, force2Ddimension 0, made by make_tiny_neighbours.py\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} regions")


if __name__ == "__main__":
    main()
