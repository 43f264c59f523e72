"""A cohort to time feature extraction on: ten volumes of 256 x 256 x 40 voxels, int16, with liver-like masks of
8 to 12 thousand pixels a slice, 343 slices in all. Seeded; every run writes the same voxels.

usage: python make_cohort.py FOLDER [COPIES]
COPIES > 1 writes that many times ten volumes (for the memory of long batches).
"""
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.ndimage import gaussian_filter

folder = Path(sys.argv[1])
copies = int(sys.argv[2]) if len(sys.argv) > 2 else 1
folder.mkdir(parents=True, exist_ok=True)
SLICES = [35, 34, 34, 35, 34, 34, 35, 34, 34, 34]
assert sum(SLICES) == 343
affine = np.diag([1.4, 1.4, 6.0, 1.0])
y, x = np.mgrid[:256, :256]
rows = ["ID,PatientID,Image,Mask,Target"]
for case, slices in enumerate(SLICES * copies):
    rng = np.random.default_rng(1000 + case)
    smooth = gaussian_filter(rng.normal(size=(40, 256, 256)), (1.0, 6.0, 6.0))
    fine = gaussian_filter(rng.normal(size=(40, 256, 256)), (0.3, 1.2, 1.2))
    image = 420 + 110 * smooth / smooth.std() + 60 * fine / fine.std() + rng.normal(0, 12, (40, 256, 256))
    image = np.clip(np.rint(image), 0, 4095).astype(np.int16)
    mask = np.zeros((40, 256, 256), np.uint8)
    first = (40 - slices) // 2
    phase = rng.uniform(0, 2 * np.pi, 4)
    for k in range(slices):
        target = 8000 + 4000 * np.sin(np.pi * (k + 0.5) / slices)
        angle = np.arctan2(y - 128, x - 118)
        ripple = 1 + sum(0.07 / (n + 1) * np.cos((n + 2) * angle + phase[n] + 0.05 * k) for n in range(4))
        radius = np.hypot((y - 128) / 0.85, x - 118) / ripple
        mask[first + k] = radius <= np.sort(radius, axis=None)[int(target)]
    for name, array in (("image", image), ("mask", mask)):
        nib.save(nib.Nifti1Image(array.transpose(2, 1, 0), affine), folder / f"case{case:03}_{name}.nii.gz")
    rows.append(f"case{case:03},p{case:03},case{case:03}_image.nii.gz,case{case:03}_mask.nii.gz,{'abc'[case % 3]}")
(folder / "manifest.csv").write_text("\n".join(rows) + "\n")
