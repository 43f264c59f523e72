"""Makes the reference for the command line: runs PyRadiomics' own program on a phantom made from a formula.

usage: make_cli.py PYRADIOMICS_PROGRAM OUTPUT_FOLDER

The image is written as NIfTI into a folder that is thrown away; tests/tool/pyradiomics.rs makes the same one.
Made with PyRadiomics 3.0.1, SimpleITK 2.5.7, numpy 2.4.6, PyWavelets 1.8.0, Python 3.11.7.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

program, output = sys.argv[1], Path(sys.argv[2]).resolve()
here = Path(tempfile.mkdtemp())

z, y, x = np.indices((7, 20, 24))
image = 100 + (x * x * 3 + y * 7 + z * 31) % 97 + ((x + 2 * y + 3 * z) % 5) * 20
inside = (x - 11) ** 2 + (y - 9) ** 2 + 4 * (z - 3) ** 2 <= 49
mask = inside.astype(np.uint8)
mask[(x == 2) & (y >= 16) & (z >= 2) & (z <= 4)] = 1
mask[(x >= 19) & (y >= 14) & (z <= 3)] = 2


def write(array, name):
    volume = sitk.GetImageFromArray(array)
    volume.SetSpacing((0.75, 0.75, 2.5))
    volume.SetOrigin((-10.0, 4.5, 30.0))
    sitk.WriteImage(volume, str(here / name))


write(image.astype(np.int16), "image.nii")
write(mask, "mask.nii")
(here / "params.yaml").write_text(
    """setting:
  binWidth: 10
  resampledPixelSpacing: [1, 1, 2.5]
  interpolator: sitkBSpline
  resegmentRange: [105, 250]
imageType:
  Original: {}
  LoG: {sigma: [1.5], binWidth: 2}
  Wavelet: {}
featureClass:
  shape: [MeshVolume, Sphericity]
  firstorder: [Mean, Entropy]
  glcm: [Contrast, MCC]
"""
)
(here / "bins.yaml").write_text("setting: {binWidth: 10}\n")
(here / "batch.csv").write_text(
    "ID,Image,Mask,Label,Note\n"
    "one,image.nii,mask.nii,1,first\n"
    'two,image.nii,mask.nii,2,"a, b"\n'
)
runs = {
    "cli_plain.txt": ["image.nii", "mask.nii"],
    "cli_params.csv": ["image.nii", "mask.nii", "-p", "params.yaml", "-f", "csv"],
    "cli_batch.csv": ["batch.csv", "-p", "bins.yaml", "-f", "csv"],
    "cli_batch.json": ["batch.csv", "-p", "params.yaml", "-f", "json"],
}
for name, arguments in runs.items():
    target = output / name
    target.unlink(missing_ok=True)
    command = [program, *arguments, "-o", str(target), "--format-path", "basename"]
    subprocess.run(command, cwd=here, check=True)
    # numpy 2 says what a number inside a tuple is; earlier ones, and we, give the number only.
    target.write_text(re.sub(r"np\.float64\(([^)]*)\)", r"\1", target.read_text()))
