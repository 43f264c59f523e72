"""Resamples PyRadiomics' five test cases with PyRadiomics, that is with SimpleITK, and writes what came out.

    python make_resampled.py <folder with <case>_image.nrrd and <case>_label.nrrd> > resampled.csv

One row for each case, number type, spacing and interpolator: grid, hashes of the voxels of image and mask
(64-bit FNV-1a of their little-endian bytes, x fastest, the mask as one byte a voxel; for whole numbers only),
mean and mean square of the image, voxels of the region, and some voxels of the image along its diagonal.
"""

import logging
import pathlib
import sys

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import imageoperations

CASES = ["brain1", "brain2", "breast1", "lung1", "lung2"]
SPACINGS = [(2, 2, 2), (1, 1, 0), (3, 2.5, 4)]
INTERPOLATORS = ["sitkNearestNeighbor", "sitkLinear", "sitkBSpline"]
SAMPLES = 12


def fnv(values):
    found = 0xCBF29CE484222325
    for byte in values.tobytes():
        found = ((found ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{found:016x}"


def row(case, number_type, image, mask, spacing, interpolator):
    image, mask = imageoperations.resampleImage(
        image, mask, resampledPixelSpacing=list(spacing), interpolator=interpolator, padDistance=5
    )
    values = sitk.GetArrayFromImage(image)
    inside = (sitk.GetArrayFromImage(mask) == 1).astype(np.uint8)
    wide = values.astype(np.float64)
    along = [np.linspace(0, size - 1, SAMPLES).astype(int) for size in values.shape]
    return [
        case,
        number_type,
        "/".join(repr(float(s)) for s in spacing),
        interpolator,
        "/".join(str(size) for size in image.GetSize()),
        "/".join(repr(s) for s in image.GetSpacing()),
        "/".join(repr(o) for o in image.GetOrigin()),
        fnv(values) if number_type == "int16" else "",
        fnv(inside),
        repr(float(wide.mean())),
        repr(float((wide * wide).mean())),
        str(int(inside.sum())),
        "/".join(repr(float(v)) for v in values[tuple(along)]),
    ]


def main(folder):
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    print("# Five test cases of PyRadiomics resampled with padDistance 5; make_resampled.py wrote this with")
    print(f"# PyRadiomics {radiomics.__version__}, SimpleITK {sitk.Version_VersionString()}, numpy {np.__version__}")
    print("# Lists along x/y/z; a spacing of 0 keeps the image's.")
    print("case,type,spacing,interpolator,size,new_spacing,origin,image,mask,mean,mean_square,voxels,samples")
    for case in CASES:
        mask = sitk.ReadImage(str(folder / f"{case}_label.nrrd"))
        image = sitk.ReadImage(str(folder / f"{case}_image.nrrd"))
        for spacing in SPACINGS:
            for interpolator in INTERPOLATORS:
                print(",".join(row(case, "int16", image, mask, spacing, interpolator)))
        # Neither type is truncated: float32 images and normalised ones.
        single = sitk.Cast(image, sitk.sitkFloat32)
        print(",".join(row(case, "float32", single, mask, SPACINGS[0], "sitkBSpline")))
        scores = imageoperations.normalizeImage(image, normalizeScale=100, removeOutliers=3)
        print(",".join(row(case, "normalised", scores, mask, SPACINGS[0], "sitkBSpline")))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
