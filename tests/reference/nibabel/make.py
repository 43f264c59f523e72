"""Writes volumes.csv and qform.csv: what nibabel reads from the test data, and its quaternion rule.

Usage: python make.py TEST_DATA OUTPUT
TEST_DATA is the folder that holds data/lgg_mri and the others (see README.md beside this file).
"""

import csv
import math
import sys
from pathlib import Path

import nibabel
import numpy

FOLDERS = [
    "data/lgg_mri/images",
    "data/lgg_mri/masks",
    "data/sts_mri/images",
    "data/sts_mri/masks",
    "data/cirrmri_sample/Cirrhosis_T1_3D/valid_images",
    "data/cirrmri_sample/Cirrhosis_T1_3D/valid_masks",
    "data/cirrmri_sample/Cirrhosis_T2_3D/train_images",
    "data/cirrmri_sample/Cirrhosis_T2_3D/train_masks",
    "ibsi/ibsi2_digital_phantoms",
]


def exact_sum(values):
    """Integers exactly, floats correctly rounded."""
    if numpy.issubdtype(values.dtype, numpy.integer):
        return repr(int(values.astype(numpy.int64).sum()))
    return repr(math.fsum(values.ravel().tolist()))


def volumes(root, out):
    with open(out / "volumes.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        affine = [f"a{row}{column}" for row in range(3) for column in range(4)]
        writer.writerow(
            ["file", "type", "nx", "ny", "nz", "sum", "sum_x", "sum_y", "sum_z", *affine]
        )
        for folder in FOLDERS:
            for path in sorted((root / folder).glob("*.nii*")):
                image = nibabel.load(path)
                values = numpy.asanyarray(image.dataobj)
                if not numpy.issubdtype(values.dtype, numpy.integer):
                    weights = numpy.float64
                else:
                    values = values.astype(numpy.int64)
                    weights = numpy.int64
                i, j, k = (numpy.arange(n, dtype=weights) for n in values.shape)
                wide = values.astype(weights)
                sums = [
                    exact_sum(v)
                    for v in (
                        wide,
                        wide * i[:, None, None],
                        wide * j[None, :, None],
                        wide * k[None, None, :],
                    )
                ]
                numbers = [repr(float(v)) for v in image.affine[:3].ravel()]
                kind = image.header.get_data_dtype().name
                name = path.relative_to(root).as_posix()
                writer.writerow([name, kind, *values.shape, *sums, *numbers])


def qforms(out):
    rng = numpy.random.default_rng(7)
    names = ["qfac", "dx", "dy", "dz", "b", "c", "d", "x", "y", "z"]
    with open(out / "qform.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        affine = [f"a{row}{column}" for row in range(3) for column in range(4)]
        writer.writerow([*names, *affine])
        for _ in range(24):
            quaternion = rng.normal(size=4)
            quaternion /= numpy.linalg.norm(quaternion) * numpy.sign(quaternion[0])
            header = nibabel.Nifti1Header()
            header["pixdim"][0] = rng.choice([-1.0, 1.0])
            header["pixdim"][1:4] = rng.uniform(0.4, 8.0, 3)
            header["quatern_b"], header["quatern_c"], header["quatern_d"] = quaternion[1:]
            header["qoffset_x"], header["qoffset_y"], header["qoffset_z"] = rng.uniform(-200, 200, 3)
            header["qform_code"] = 1
            fields = [*header["pixdim"][:4]] + [
                header[f] for f in ("quatern_b", "quatern_c", "quatern_d")
            ] + [header[f] for f in ("qoffset_x", "qoffset_y", "qoffset_z")]
            numbers = [*fields, *header.get_qform()[:3].ravel()]
            writer.writerow([repr(float(v)) for v in numbers])


if __name__ == "__main__":
    volumes(Path(sys.argv[1]), Path(sys.argv[2]))
    qforms(Path(sys.argv[2]))
    print("nibabel", nibabel.__version__, "numpy", numpy.__version__)
