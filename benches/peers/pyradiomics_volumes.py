"""Times PyRadiomics on the volumes of make_volumes.py: reading and all classes included.

usage: python pyradiomics_volumes.py FOLDER small|large|filters|map THREADS
  small, large  all classes of volumes, bin width 25
  filters       LoG (sigma 1 to 5 mm) and wavelet of the small volume, all classes
  map           voxel-wise GLCM features of a 64 x 64 square of one slice, in the plane
THREADS is ITK's.
"""
import logging
import resource
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from radiomics import featureextractor

logging.getLogger("radiomics").setLevel(logging.ERROR)
folder, job, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sitk.ProcessObject_SetGlobalDefaultNumberOfThreads(threads)
name = "large" if job == "large" else "small"
begin = time.perf_counter()
image, mask = (sitk.ReadImage(str(folder / f"{name}_{kind}.nii.gz")) for kind in ("image", "mask"))
read = time.perf_counter()
if job == "map":
    square = np.zeros(sitk.GetArrayFromImage(mask).shape, np.uint8)
    square[64, 48:112, 48:112] = 1
    square = sitk.GetImageFromArray(square)
    square.CopyInformation(mask)
    extractor = featureextractor.RadiomicsFeatureExtractor(
        binWidth=25, kernelRadius=1, maskedKernel=True, force2D=True, additionalInfo=False, voxelBatch=10000
    )
    extractor.disableAllFeatures()
    extractor.enableFeatureClassByName("glcm")
    begin = read = time.perf_counter()
    result = extractor.execute(image, square, voxelBased=True)
else:
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=25, additionalInfo=False)
    extractor.enableAllFeatures()
    if job == "filters":
        extractor.disableAllImageTypes()
        extractor.enableImageTypeByName("LoG", customArgs={"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]})
        extractor.enableImageTypeByName("Wavelet")
    result = extractor.execute(image, mask)
end = time.perf_counter()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(f"{end - begin:.3f} s ({read - begin:.3f} s of it reading), {len(result)} values, "
      f"{usage.ru_utime + usage.ru_stime:.1f} CPU s with start, peak {usage.ru_maxrss / 1024:.0f} MB")
