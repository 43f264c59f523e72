"""Reference values of PyRadiomics on regions of a few pixels: degenerate and awkward cases.

usage: python make_tiny.py OUTPUT.csv

The images stand here as text: '/' ends a row, '.' is a pixel outside the region. Each is its own
bounding box. The feature classes are called directly, because the extractor refuses single pixels
and, for shape2D, regions one pixel wide along x. A feature that fails or is undefined is nan.
"""

import csv
import logging
import sys

import numpy
import radiomics
import SimpleITK as sitk
from radiomics import firstorder, glcm, glrlm, glszm, shape2D

CLASSES = {
    "shape2D": shape2D.RadiomicsShape2D,
    "firstorder": firstorder.RadiomicsFirstOrder,
    "glcm": glcm.RadiomicsGLCM,
    "glrlm": glrlm.RadiomicsGLRLM,
    "glszm": glszm.RadiomicsGLSZM,
}

CASES = [
    ("one pixel", "7", {"binWidth": 25}),
    ("one pixel, bin count", "7", {"binCount": 8}),
    ("two neighbours", "7 40", {"binWidth": 25}),
    ("one row", "3 3 4 9 1 1", {"binWidth": 1}),
    ("one column", "3/3/4/9/1/1", {"binWidth": 1}),
    ("one row with a gap", "3 3 . 3 4", {"binWidth": 1}),
    ("two pixels apart in a row", "3 . 3", {"binWidth": 1}),
    ("two pixels apart in a row, two levels", "3 . 5", {"binWidth": 1}),
    ("two pixels apart, flat", "3 . ./. . 3", {"binWidth": 1}),
    ("two pixels apart, two levels", "3 . ./. . 5", {"binWidth": 1}),
    ("three corners", "3 . 3/. . ./5 . .", {"binWidth": 1}),
    ("diagonal", "1 . ./. 1 ./. . 2", {"binWidth": 1}),
    ("flat", "9 9 9/9 9 9/9 9 9", {"binWidth": 25}),
    ("flat, bin count", "9 9 9/9 9 9/9 9 9", {"binCount": 32}),
    ("columns of two levels", "1 2 1 2/1 2 1 2/1 2 1 2", {"binWidth": 1}),
    ("chessboard", "1 2 1 2/2 1 2 1/1 2 1 2/2 1 2 1", {"binWidth": 1}),
    ("halves", "1 1 9 9/1 1 9 9/1 1 9 9/1 1 9 9", {"binWidth": 1}),
    ("two blobs that touch at a corner", "4 4 . ./4 6 . ./. . 5 5/. . 5 4", {"binWidth": 1}),
    ("two blobs apart", "4 4 . . ./4 6 . . ./. . . 5 5/. . . 5 4", {"binWidth": 1}),
    ("ring", "1 2 3 4/2 . . 5/3 . . 6/4 5 6 7", {"binWidth": 2}),
    ("levels in pairs that never meet", "1 1 . 5 5/1 1 . 5 5/. . . . ./8 8 . 9 9", {"binWidth": 1}),
    ("values on edges", "0.1 0.2 0.3 0.4/0.5 0.6 0.7 0.8/0.9 1.0 1.1 1.2", {"binWidth": 0.1}),
    ("values on edges of a count", "0.1 0.2 0.3 0.4/0.5 0.6 0.7 0.8/0.9 1.0 1.1 1.2", {"binCount": 11}),
    ("negative values", "-3.7 -2.5 0 2.5/-5 5 7.5 -0.1/1e-9 -1e-9 2.4999 -2.4999", {"binWidth": 2.5}),
    ("negative values, bin count", "-3.7 -2.5 0 2.5/-5 5 7.5 -0.1/1e-9 -1e-9 2.4999 -2.4999", {"binCount": 7}),
    ("one far value", "1 2 1 3/2 1 2000 1/3 1 2 1", {"binWidth": 1}),
]

# Unlike anything that could be swapped by mistake: z, y, x in mm.
SPACING = (3.0, 0.7, 1.9)


def random_cases():
    """Masks with holes and frayed edges; bounding boxes are full by their marked corners."""
    for seed in range(12):
        rng = numpy.random.default_rng(seed)
        rows, columns = rng.integers(3, 14, 2)
        values = rng.integers(-20, 60, (rows, columns)) // rng.integers(1, 12)
        inside = rng.random((rows, columns)) < rng.uniform(0.3, 0.95)
        inside[0, 0] = inside[-1, -1] = True
        text = "/".join(
            " ".join(str(v) if i else "." for v, i in zip(*row)) for row in zip(values, inside)
        )
        rule = [{"binWidth": 1}, {"binWidth": 5}, {"binCount": 6}, {"binWidth": 0.7}][seed % 4]
        yield f"random {seed}", text, rule | ({"voxelArrayShift": 200} if seed % 3 == 0 else {})


def images(text):
    cells = [[None if c == "." else float(c) for c in row.split()] for row in text.split("/")]
    values = numpy.array([[[c or 0.0 for c in row] for row in cells]])
    mask = numpy.array([[[int(c is not None) for c in row] for row in cells]], dtype=numpy.uint8)
    result = []
    for array in (values, mask):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(SPACING[::-1])
        result.append(image)
    return result


def values_of(text, settings):
    image, mask = images(text)
    found = {}
    for family, feature_class in CLASSES.items():
        names = [name for name, old in feature_class.getFeatureNames().items() if not old]
        try:
            values = feature_class(image, mask, force2D=True, force2Ddimension=0, label=1, **settings).execute()
        except Exception as error:
            print(f"{family} failed on {text}: {error}")
            values = {}
        for name in names:
            value = numpy.asarray(values.get(name, numpy.nan))
            found[f"original_{family}_{name}"] = repr(float(value)) if value.size == 1 else "nan"
    return found


def main():
    radiomics.setVerbosity(logging.CRITICAL + 1)
    numpy.seterr(all="ignore")
    rows = []
    for name, text, settings in [*CASES, *random_cases()]:
        rule = next(key for key in settings if key.startswith("bin"))
        row = {
            "case": name.replace(",", ";"),
            "pixels": text,
            "discretisation": f"{rule}={settings[rule]}",
            "voxel_array_shift": settings.get("voxelArrayShift", 0),
            "spacing_z": SPACING[0],
            "spacing_y": SPACING[1],
            "spacing_x": SPACING[2],
        }
        rows.append(row | values_of(text, settings))
    with open(sys.argv[1], "w", newline="") as file:
        file.write(f"# PyRadiomics {radiomics.__version__}, numpy {numpy.__version__}, "
                   f"SimpleITK {sitk.Version_VersionString()}, force2D, force2Ddimension 0, made by make_tiny.py\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} regions")


if __name__ == "__main__":
    main()
