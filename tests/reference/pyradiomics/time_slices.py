"""Times PyRadiomics on the first twenty slices of slices.csv at bin width 25, images already in memory.

usage: python time_slices.py DATA_FOLDER slices.csv

Its counterpart is the group "real slices" of benches/feature_extraction.rs.
"""

import csv
import logging
import sys
import time
from pathlib import Path

import radiomics
import SimpleITK as sitk

from make_slices import WIDTH_25, extractor

folder = Path(sys.argv[1])
with open(sys.argv[2]) as file:
    rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#"))]
rows = [row for row in rows if row["discretisation"] == "binWidth=25"][:20]

radiomics.setVerbosity(logging.CRITICAL)
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
slices = []
for row in rows:
    image = sitk.Cast(sitk.ReadImage(str(folder / row["image"])), sitk.sitkInt16)
    mask = sitk.Cast(sitk.ReadImage(str(folder / row["mask"])), sitk.sitkUInt8)
    mask.CopyInformation(image)
    z = int(row["slice"])
    slices.append((image[:, :, z:z + 1], mask[:, :, z:z + 1]))

extract = extractor(WIDTH_25)
times = []
for _ in range(5):
    start = time.perf_counter()
    for image, mask in slices:
        extract.execute(image, mask)
    times.append(time.perf_counter() - start)
pixels = sum(int(row["pixels"]) for row in rows)
print(f"{len(rows)} slices, {pixels} pixels: best of 5 {min(times) * 1e3:.1f} ms")
