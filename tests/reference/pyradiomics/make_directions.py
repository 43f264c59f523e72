"""Reference values of PyRadiomics for matrices of directions with settings that its baselines lack.

usage: python make_directions.py OUTPUT.csv

Small random volumes with holes, written out as text: '|' ends a slice, '/' a row, '.' is a voxel outside
the region. Each is its own bounding box. The feature classes are called directly. A feature that fails
or is undefined is nan.
"""

import csv
import logging
import sys

import numpy
import radiomics
import SimpleITK as sitk
from radiomics import glcm, glrlm

CLASSES = {"glcm": glcm.RadiomicsGLCM, "glrlm": glrlm.RadiomicsGLRLM}

# Near 1 mm, so that exp(-d^2) leaves every direction a share; z, y, x.
SPACING = (0.9, 0.5, 0.7)

SETTINGS = [
    {},
    {"force2D": True},
    {"weightingNorm": "no_weighting"},
    {"weightingNorm": "euclidean"},
    {"weightingNorm": "manhattan"},
    {"weightingNorm": "infinity"},
    {"weightingNorm": "euclidean", "force2D": True},
    {"distances": [2]},
    {"distances": [1, 2]},
    {"distances": [1, 3], "weightingNorm": "euclidean"},
    {"symmetricalGLCM": False},
    {"symmetricalGLCM": False, "weightingNorm": "manhattan"},
    {"symmetricalGLCM": False, "distances": [1, 2], "force2D": True},
]


def volumes():
    shapes = [(4, 7, 6), (3, 4, 11), (1, 9, 8), (6, 1, 5), (5, 5, 5), (2, 2, 2)]
    for seed, shape in enumerate(shapes):
        rng = numpy.random.default_rng(seed)
        values = rng.integers(0, 40, shape) // rng.integers(4, 12)
        inside = rng.random(shape) < rng.uniform(0.5, 0.95)
        inside[0, 0, 0] = inside[-1, -1, -1] = True
        yield f"random {seed}", values, inside
    ramp = numpy.add.outer(numpy.add.outer(numpy.arange(3), numpy.arange(4)), 2 * numpy.arange(4))
    yield "ramp", ramp, numpy.ones(ramp.shape, bool)
    yield "flat", numpy.full((2, 3, 3), 5), numpy.ones((2, 3, 3), bool)


def text_of(values, inside):
    rows = [
        [" ".join(str(v) if i else "." for v, i in zip(*row)) for row in zip(plane, mask)]
        for plane, mask in zip(values, inside)
    ]
    return "|".join("/".join(plane) for plane in rows)


def images(values, inside):
    result = []
    for array in (values.astype(float), inside.astype(numpy.uint8)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(SPACING[::-1])
        result.append(image)
    return result


def written(value):
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def main():
    radiomics.setVerbosity(logging.CRITICAL + 1)
    numpy.seterr(all="ignore")
    rows = []
    for name, values, inside in volumes():
        for changes in SETTINGS:
            settings = {"binWidth": 1} | changes
            row = {
                "case": name,
                "voxels": text_of(values, inside),
                "settings": ";".join(f"{key}={written(value)}" for key, value in settings.items()),
            }
            row |= dict(zip(["spacing_z", "spacing_y", "spacing_x"], SPACING))
            for family, feature_class in CLASSES.items():
                if family == "glrlm" and not settings.keys() & {"weightingNorm", "force2D"} and changes:
                    continue
                names = [name for name, old in feature_class.getFeatureNames().items() if not old]
                calculator = feature_class(*images(values, inside), force2Ddimension=0, label=1, **settings)
                try:
                    found = calculator.execute()
                except RuntimeError as error:  # no direction fits into the box
                    print(f"{family} failed on {name}, {settings}: {error}")
                    found = {}
                for feature in names:
                    value = numpy.asarray(found.get(feature, numpy.nan))
                    row[f"original_{family}_{feature}"] = repr(float(value)) if value.size == 1 else "nan"
            rows.append(row)
    columns = list(rows[0])
    with open(sys.argv[1], "w", newline="") as file:
        file.write(f"# PyRadiomics {radiomics.__version__}, numpy {numpy.__version__}, "
                   f"SimpleITK {sitk.Version_VersionString()}, made by make_directions.py\n")
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
