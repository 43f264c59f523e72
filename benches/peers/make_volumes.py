"""Volumes to time 3D extraction on: an ellipsoid of 228 thousand voxels in 128 x 160 x 160, and one of 2.4 million in
200 x 512 x 512, int16, 1 mm. Seeded.

usage: python make_volumes.py FOLDER
"""
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.ndimage import gaussian_filter

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
VOLUMES = {"small": ((128, 160, 160), (30, 42.5, 42.7)), "large": ((200, 512, 512), (66, 93, 93.4))}
rows = ["ID,PatientID,Image,Mask,Target"]
for name, (shape, radii) in VOLUMES.items():
    rng = np.random.default_rng(7)
    noise = rng.normal(size=shape).astype(np.float32)
    image = 400 + 110 * gaussian_filter(noise, 5) / 0.017 * 0.5 + 45 * gaussian_filter(noise, 1) / 0.15 + 12 * noise
    image = np.clip(np.rint(image), -1000, 3000).astype(np.int16)
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    inside = sum(((g - (n - 1) / 2) / r) ** 2 for g, n, r in zip(grid, shape, radii)) <= 1
    for kind, array in (("image", image), ("mask", inside.astype(np.uint8))):
        nib.save(nib.Nifti1Image(array.transpose(2, 1, 0), np.eye(4)), folder / f"{name}_{kind}.nii.gz")
    print(name, int(inside.sum()), "voxels, intensities", image[inside].min(), "to", image[inside].max())
    rows.append(f"{name},{name},{name}_image.nii.gz,{name}_mask.nii.gz,a")
(folder / "manifest.csv").write_text("\n".join(rows) + "\n")
