"""Reference values of PyRadiomics' image types: responses at single voxels, and features of them.

usage: python make_filters.py DATA_FOLDER OUTPUT_FOLDER

DATA_FOLDER holds <case>_image.nrrd and <case>_label.nrrd. Writes filters_<case>.csv (responses; a column for each
voxel, named z y x) and filters_features.csv (first-order features of the region and GLSZM of its largest slice).
Images are cut down to a box before they are filtered: the box is the whole image of these tables.
"""

import csv
import logging
import os
import sys

import numpy
import pywt
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor, glszm, imageoperations

# Low corner and size of the box along z, y, x: odd and even sizes, two of the boxes at a border of the image.
CASES = {
    "brain1": ((6, 70, 150), (19, 97, 72)),
    "breast1": ((0, 50, 5), (21, 40, 40)),
    "lung1": ((26, 330, 190), (16, 58, 55)),
}

# Image type, its parameters, bin width. Parameters are written 'name=value;name=value', lists with spaces.
FILTERS = [
    ("Original", "", 25),
    ("LoG", "sigma=1.0 2 3.5 5.0", 10),
    ("LoG", "sigma=0.4 0.9", 10),
    ("Square", "", 5),
    ("SquareRoot", "", 25),
    ("Logarithm", "", 25),
    ("Exponential", "", 2),
    ("Gradient", "", 10),
    ("Gradient", "gradientUseSpacing=False", 10),
    ("Wavelet", "", 10),
    ("Wavelet", "wavelet=haar;level=2", 25),
    ("Wavelet", "wavelet=db3;level=1;start_level=1", 25),
    ("Wavelet", "wavelet=bior2.2;force2D=True", 10),
    ("Wavelet", "wavelet=rbio3.7;force2D=True;force2Ddimension=2", 10),
    ("Wavelet", "wavelet=dmey", 10),
    ("Wavelet", "wavelet=sym7;level=2", 25),
    ("LBP2D", "", 1),
    ("LBP2D", "lbp2DRadius=2.5;lbp2DSamples=12;lbp2DMethod=ror", 100),
    ("LBP2D", "lbp2DRadius=1;lbp2DSamples=8;lbp2DMethod=default", 25),
    ("LBP2D", "lbp2DRadius=2;lbp2DSamples=6;lbp2DMethod=nri_uniform;force2Ddimension=1", 2),
    ("LBP3D", "", 0.2),
    ("LBP3D", "lbp3DLevels=3;lbp3DIcosphereRadius=1.7;lbp3DIcosphereSubdivision=2", 0.2),
    ("LBP3D", "lbp3DLevels=2;lbp3DIcosphereRadius=2;lbp3DIcosphereSubdivision=0", 0.2),
]


def value(text):
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def parameters(text):
    found = {}
    for part in filter(None, text.split(";")):
        name, given = part.split("=")
        many = name == "sigma"
        found[name] = [value(one) for one in given.split(" ")] if many else value(given)
    return found


def box(image, low, size):
    cut = sitk.RegionOfInterest(image, size[::-1], low[::-1])
    cut.SetOrigin((0, 0, 0))
    return cut


def largest_slice(mask):
    array = sitk.GetArrayFromImage(mask)
    z = int((array == 1).sum(axis=(1, 2)).argmax())
    only = numpy.zeros_like(array)
    only[z] = array[z] == 1
    result = sitk.GetImageFromArray(only)
    result.CopyInformation(mask)
    return result, z


def voxels(inside):
    """Some inside the region, some anywhere, and the corners."""
    rng = numpy.random.default_rng(7)
    region = numpy.argwhere(inside)
    chosen = [tuple(at) for at in rng.permutation(region)[:40]]
    chosen += [tuple(rng.integers(0, inside.shape)) for _ in range(40)]
    chosen += [tuple((n - 1) * bit for n, bit in zip(inside.shape, bits)) for bits in numpy.ndindex(2, 2, 2)]
    return list(dict.fromkeys(tuple(int(i) for i in at) for at in chosen))


def first_order(image, mask, kind, given, width):
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=width, additionalInfo=False)
    extractor.disableAllImageTypes()
    extractor.enableImageTypes(**{kind: given})
    extractor.disableAllFeatures()
    extractor.enableFeatureClassByName("firstorder")
    found = {}
    for column, number in extractor.execute(image, mask).items():
        response, feature = column.split("_", 1)
        found.setdefault(response, {})[feature] = repr(float(number))
    return found


def zones(response, mask, width):
    """The class is called directly, so that force2Ddimension of a filter is not taken for that of the zones."""
    bounding_box, _ = imageoperations.checkMask(response, mask, label=1)
    cropped = imageoperations.cropToTumorMask(response, mask, bounding_box)
    values = glszm.RadiomicsGLSZM(*cropped, binWidth=width, label=1).execute()
    return {f"glszm_{name}": repr(float(number)) for name, number in values.items()}


def write(path, rows, columns):
    versions = (
        f"PyRadiomics {radiomics.__version__}, SimpleITK {sitk.Version_VersionString()}, numpy {numpy.__version__}, "
        f"PyWavelets {pywt.__version__}, scipy {version('scipy')}, scikit-image {version('scikit-image')}, "
        f"trimesh {version('trimesh')}"
    )
    with open(path, "w", newline="") as file:
        file.write(f"# {versions}; made by make_filters.py\n")
        writer = csv.DictWriter(file, columns, restval="nan", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def version(package):
    from importlib.metadata import version

    return version(package)


def main():
    radiomics.setVerbosity(logging.CRITICAL + 1)
    folder, output = sys.argv[1:]
    of_features = []
    for case, (low, size) in CASES.items():
        image, mask = (
            box(sitk.ReadImage(os.path.join(folder, f"{case}_{what}.nrrd")), low, size)
            for what in ("image", "label")
        )
        image = sitk.Cast(image, sitk.sitkInt16)
        inside = sitk.GetArrayFromImage(mask) == 1
        only, z = largest_slice(mask)
        places = voxels(inside)
        common = {
            "case": case,
            "low": " ".join(map(str, low)),
            "size": " ".join(map(str, size)),
            "spacing": " ".join(repr(d) for d in image.GetSpacing()[::-1]),
        }
        rows = []
        for kind, text, width in FILTERS:
            given = parameters(text)
            label = common | {"image_type": kind, "parameters": text}
            first = first_order(image, mask, kind, given, width)
            # LBP3D is computed inside the region only.
            seen = inside if kind == "LBP3D" else numpy.ones_like(inside)
            for response, name, _ in getattr(imageoperations, f"get{kind}Image")(image, mask, **given):
                array = sitk.GetArrayFromImage(response).astype(float)
                label["response"] = name
                rows.append(
                    label
                    | {"largest": repr(float(abs(array[seen]).max()))}
                    | {" ".join(map(str, at)): repr(float(array[at])) if seen[at] else "nan" for at in places}
                )
                row = label | {"bin_width": width, "slice": z}
                of_features.append(row | first[name] | zones(response, only, width))
            print(case, kind, text, len(rows), flush=True)
        write(os.path.join(output, f"filters_{case}.csv"), rows, list(rows[0]))
    write(os.path.join(output, "filters_features.csv"), of_features, list(of_features[0]))


if __name__ == "__main__":
    main()
