"""Times nyxus on every slice of a cohort: its features nearest to the five families (intensity, shape, GLCM, GLRLM,
GLSZM), slices handed over as arrays.

usage: python nyxus_slices.py FOLDER THREADS
"""
import sys
import time
from pathlib import Path

import nibabel as nib
import numpy as np
from nyxus import Nyxus

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
begin = time.perf_counter()
FAMILIES = ["*ALL_INTENSITY*", "*BASIC_MORPHOLOGY*", "*ALL_GLCM*", "*ALL_GLRLM*", "*ALL_GLSZM*"]
extractor = Nyxus(FAMILIES, n_feature_calc_threads=threads)
slices = 0
for path in sorted(folder.glob("*_image.nii.gz")):
    image = np.asarray(nib.load(path).dataobj).astype(np.uint32)
    mask = np.asarray(nib.load(path.with_name(path.name.replace("_image", "_mask"))).dataobj).astype(np.uint32)
    inside = np.flatnonzero(mask.any(axis=(0, 1)))
    stack = np.ascontiguousarray(image[:, :, inside].transpose(2, 1, 0))
    labels = np.ascontiguousarray(mask[:, :, inside].transpose(2, 1, 0))
    # Named here: the names it makes up itself are kept from one call to the next.
    names = [f"{path.name}_{z}" for z in inside]
    table = extractor.featurize(stack, labels, intensity_names=names, label_names=names)
    slices += len(table)
print(f"{time.perf_counter() - begin:.3f} s, {slices} slices")
