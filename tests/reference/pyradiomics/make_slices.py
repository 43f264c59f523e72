"""Reference values of PyRadiomics, one row for each slice and discretisation.

usage: python make_slices.py DATA_FOLDER OUTPUT.csv

DATA_FOLDER holds data/lgg_mri, data/cirrmri_sample and pyradiomics/data. Every chosen slice becomes a
3D image of one slice, and PyRadiomics extracts from it with force2D along z. Images are cast to int16
first: in an 8-bit image the bin edges would wrap around.
"""

import csv
import logging
import sys
from pathlib import Path

import numpy
import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

FAMILIES = ["firstorder", "shape2D", "glcm", "glrlm", "glszm"]

WIDTH_25 = ("binWidth", 25)
OTHERS = [("binCount", 32), ("binWidth", 5)]

# Every how many slices the other discretisations are computed, too.
EVERY = 4


def lgg(folder):
    """Nine patients, both sequences, up to three slices each."""
    cases = [
        "TCGA_CS_4941", "TCGA_CS_4942", "TCGA_CS_6188", "TCGA_DU_5852", "TCGA_DU_7304",
        "TCGA_DU_8168", "TCGA_FG_6690", "TCGA_HT_7882", "TCGA_HT_8114",
    ]
    for patient in cases:
        for sequence in ("FLAIR", "T1post"):
            image = f"data/lgg_mri/images/{patient}_{sequence}.nii.gz"
            if (folder / image).exists():
                yield image, f"data/lgg_mri/masks/{patient}.nii.gz", 3


def volumes(folder):
    """(image, mask, how many slices) of everything that is used."""
    yield from lgg(folder)
    cirrhosis = "data/cirrmri_sample/Cirrhosis_"
    yield f"{cirrhosis}T1_3D/valid_images/5.nii.gz", f"{cirrhosis}T1_3D/valid_masks/5.nii.gz", 12
    yield f"{cirrhosis}T2_3D/train_images/3.nii.gz", f"{cirrhosis}T2_3D/train_masks/3.nii.gz", 12
    for case in ("brain1", "breast1", "lung1"):
        stem = f"pyradiomics/data/{case}"
        yield f"{stem}_image.nrrd", f"{stem}_label.nrrd", 6


def usable_slices(mask):
    """Slices that PyRadiomics accepts: a region at least two pixels wide along x and y."""
    for z in range(mask.shape[0]):
        rows, columns = numpy.nonzero(mask[z] == 1)
        if len(rows) and numpy.ptp(rows) > 0 and numpy.ptp(columns) > 0:
            yield z


def evenly(items, count):
    """At most `count` of the items, the first and the last among them."""
    items = list(items)
    if len(items) <= count:
        return items
    picks = numpy.linspace(0, len(items) - 1, count).round().astype(int)
    return [items[i] for i in picks]


def extractor(setting):
    name, value = setting
    result = RadiomicsFeatureExtractor(**{name: value}, force2D=True, force2Ddimension=0)
    result.disableAllFeatures()
    for family in FAMILIES:
        result.enableFeatureClassByName(family)
    return result


def main():
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    radiomics.setVerbosity(logging.CRITICAL)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    extractors = {setting: extractor(setting) for setting in [WIDTH_25, *OTHERS]}

    rows, counter = [], 0
    for image_path, mask_path, count in volumes(folder):
        image = sitk.Cast(sitk.ReadImage(str(folder / image_path)), sitk.sitkInt16)
        mask = sitk.Cast(sitk.ReadImage(str(folder / mask_path)), sitk.sitkUInt8)
        mask.CopyInformation(image)
        array = sitk.GetArrayFromImage(mask)
        for z in evenly(usable_slices(array), count):
            settings = [WIDTH_25] + (OTHERS if counter % EVERY == 0 else [])
            counter += 1
            for setting in settings:
                values = extractors[setting].execute(image[:, :, z:z + 1], mask[:, :, z:z + 1])
                row = {
                    "image": image_path,
                    "mask": mask_path,
                    "slice": z,
                    "pixels": int(numpy.sum(array[z] == 1)),
                    "discretisation": f"{setting[0]}={setting[1]}",
                }
                x, y, depth = image.GetSpacing()
                row |= {"spacing_z": repr(depth), "spacing_y": repr(y), "spacing_x": repr(x)}
                for name, value in values.items():
                    if name.startswith("original_"):
                        row[name] = repr(float(value))
                rows.append(row)
    with output.open("w", newline="") as file:
        file.write(f"# PyRadiomics {radiomics.__version__}, numpy {numpy.__version__}, "
                   f"SimpleITK {sitk.Version_VersionString()}, force2D, force2Ddimension 0, made by make_slices.py\n")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{counter} slices, {len(rows)} rows, {len(rows[0])} columns")


if __name__ == "__main__":
    main()
