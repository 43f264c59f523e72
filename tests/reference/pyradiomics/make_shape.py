"""Reference values of PyRadiomics' family shape: small regions written out as text, and real ones.

usage: python make_shape.py DATA_FOLDER OUTPUT.csv

In the text, '|' ends a slice, '/' a row, '#' is a voxel inside. Random masks have faces whose inside
corners lie crosswise, where PyRadiomics' mesh may have holes. DATA_FOLDER holds PyRadiomics' test images
<case>_label.nrrd. The feature class is called directly on the region's bounding box, as the extractor
does, because the extractor refuses single voxels. An undefined feature is nan.
"""

import csv
import logging
import pathlib
import sys

import numpy
import radiomics
import SimpleITK as sitk
from radiomics import imageoperations, shape

# Unlike anything that could be swapped by mistake: z, y, x in mm.
SPACING = (3.0, 0.7, 1.9)

CASES = [
    ("one voxel", "#"),
    ("row", "####"),
    ("column", "#/#/#"),
    ("pile", "#|#|#|#|#"),
    ("flat", "###/###/###"),
    ("box", "###/###|###/###"),
    ("corner contact", "#./..|../.#"),
    ("edge contact", "#./.#"),
    ("crosswise inside and outside", "##./###/.##|#../.#./..#"),
    ("shell", "###/###/###|###/#.#/###|###/###/###"),
    ("diagonal plane", "#../.#./..#|#../.#./..#|#../.#./..#"),
    # So many holes that the mesh's volume is negative.
    (
        "crosswise lines",
        "....../...#../..#..#/....#./.#....|#..#../..#..#/....#./.#..../#..#.."
        "|..#..#/....#./.#..../#..#../..#..#|....#./.#..../#..#../..#..#/....#.",
    ),
]

IMAGES = ["brain1", "brain2", "breast1", "lung1", "lung2"]


def random_masks():
    """Bounding boxes are full by their marked corners."""
    for seed in range(16):
        rng = numpy.random.default_rng(seed)
        size = rng.integers(2, 7, 3)
        inside = rng.random(size) < rng.uniform(0.2, 0.9)
        inside[0, 0, 0] = inside[-1, -1, -1] = True
        text = "|".join("/".join("".join(".#"[int(v)] for v in row) for row in plane) for plane in inside)
        yield f"random {seed}", text


def from_text(text):
    cells = [[[int(c == "#") for c in row] for row in plane.split("/")] for plane in text.split("|")]
    mask = sitk.GetImageFromArray(numpy.array(cells, dtype=numpy.uint32))
    mask.SetSpacing(SPACING[::-1])
    return mask


def from_file(path):
    mask = sitk.Cast(sitk.ReadImage(str(path)), sitk.sitkUInt32)
    box, _ = imageoperations.checkMask(mask, mask, label=1)
    return imageoperations.cropToTumorMask(mask, mask, box, label=1)[1]


def row_of(case, text, mask):
    features = shape.RadiomicsShape(mask, mask, label=1)
    features.enableAllFeatures()
    spacing = mask.GetSpacing()
    found = {"case": case, "mask": text}
    found |= {f"spacing_{axis}": repr(float(s)) for axis, s in zip("zyx", spacing[::-1])}
    values = features.execute()
    return found | {f"original_shape_{name}": repr(float(value)) for name, value in sorted(values.items())}


def main():
    radiomics.setVerbosity(logging.CRITICAL + 1)
    numpy.seterr(all="ignore")
    folder = pathlib.Path(sys.argv[1])
    rows = [row_of(case, text, from_text(text)) for case, text in [*CASES, *random_masks()]]
    for case in IMAGES:
        name = f"{case}_label.nrrd"
        rows.append(row_of(case, name, from_file(folder / name)))
    with open(sys.argv[2], "w", newline="") as file:
        file.write(f"# PyRadiomics {radiomics.__version__}, numpy {numpy.__version__}, "
                   f"SimpleITK {sitk.Version_VersionString()}, made by make_shape.py\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} regions")


if __name__ == "__main__":
    main()
