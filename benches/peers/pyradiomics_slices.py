"""Times PyRadiomics on every slice of a cohort: five classes, bin width 25, force2D, reading and writing included.

usage: python pyradiomics_slices.py FOLDER WORKERS OUTPUT.csv
Prints: seconds of the whole job and slices. ITK runs on one thread, its fastest setting on single slices.
"""
import csv
import logging
import sys
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from radiomics import featureextractor

logging.getLogger("radiomics").setLevel(logging.ERROR)
sitk.ProcessObject_SetGlobalDefaultNumberOfThreads(1)
CLASSES = ["shape2D", "firstorder", "glcm", "glrlm", "glszm"]


def case(paths):
    extractor = featureextractor.RadiomicsFeatureExtractor(
        binWidth=25, force2D=True, force2Ddimension=0, additionalInfo=False
    )
    extractor.disableAllFeatures()
    for name in CLASSES:
        extractor.enableFeatureClassByName(name)
    image, mask = (sitk.ReadImage(str(path)) for path in paths)
    labels = sitk.GetArrayFromImage(mask)
    rows = []
    for z in np.flatnonzero(labels.any(axis=(1, 2))):
        # The slice as an image of its own: the quickest way through PyRadiomics that gives the same values.
        size = list(image.GetSize())
        size[2] = 1
        one = [sitk.RegionOfInterest(volume, size, [0, 0, int(z)]) for volume in (image, mask)]
        result = extractor.execute(*one)
        rows.append([paths[0].name, int(z)] + [float(value) for value in result.values()])
    return rows


if __name__ == "__main__":
    folder, workers, output = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    images = sorted(folder.glob("*_image.nii.gz"))
    pairs = [(path, path.with_name(path.name.replace("_image", "_mask"))) for path in images]
    begin = time.perf_counter()
    if workers == 1:
        found = [case(pair) for pair in pairs]
    else:
        with Pool(workers) as pool:
            found = pool.map(case, pairs, chunksize=1)
    rows = [row for rows in found for row in rows]
    with open(output, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    print(f"{time.perf_counter() - begin:.3f} s, {len(rows)} slices")
