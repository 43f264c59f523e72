"""Writes maps.csv: values of PyRadiomics' voxel-based extraction at every ninth voxel of the regions of two cases.

usage: python make_maps.py DATA_FOLDER OUTPUT.csv      (DATA_FOLDER holds breast1_image.nrrd and so on)
"""
import csv
import logging
import sys
from pathlib import Path

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor

logging.getLogger("radiomics").setLevel(logging.CRITICAL)
folder, output = Path(sys.argv[1]), sys.argv[2]
CLASSES = ["firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"]
CASES = [("breast1", 1, False), ("breast1", 2, False), ("brain2", 1, True)]
STEP = 9

rows, names = [], None
for case, radius, force2d in CASES:
    extractor = featureextractor.RadiomicsFeatureExtractor(
        kernelRadius=radius, maskedKernel=True, initValue=float("nan"), voxelBatch=1000, binWidth=25,
        force2D=force2d, force2Ddimension=0, additionalInfo=False,
    )
    extractor.disableAllFeatures()
    for name in CLASSES:
        extractor.enableFeatureClassByName(name)
    image, mask = (sitk.ReadImage(str(folder / f"{case}_{kind}.nrrd")) for kind in ("image", "label"))
    maps = extractor.execute(image, mask, voxelBased=True)
    names = names or list(maps)
    assert names == list(maps)
    inside = np.argwhere(sitk.GetArrayFromImage(mask) == 1)
    arrays, start = [], None
    for name in names:
        offset = mask.TransformPhysicalPointToIndex(maps[name].GetOrigin())
        arrays.append((sitk.GetArrayFromImage(maps[name]), offset[::-1]))
    for z, y, x in inside[::STEP]:
        values = [array[z - o[0], y - o[1], x - o[2]] for array, o in arrays]
        rows.append([case, radius, "2D" if force2d else "3D", z, y, x] + [repr(float(value)) for value in values])

with open(output, "w", newline="") as file:
    file.write(f"# PyRadiomics {radiomics.__version__}, numpy {np.__version__}, voxel-based, bin width 25\n")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["case", "radius", "kernel", "z", "y", "x"] + names)
    writer.writerows(rows)
print(len(rows), "rows,", len(names), "maps")
