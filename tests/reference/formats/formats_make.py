"""One volume in every format, by the programs people use.

    formats_make.py                       small fixtures, from a formula, into files/ beside this script
    formats_make.py IMAGE MASK OUT        a real volume (NIfTI) and its mask, into OUT (for RADUET_FORMATS_DIR)

Needs pydicom, nibabel, pynrrd, SimpleITK, highdicom, scikit-image, pillow, tifffile, numpy.
Everything is written with fixed identifiers and dates, so that a second run gives the same files.
"""

import io
import json
import sys
import tempfile
from pathlib import Path

import highdicom as hd
import nibabel as nib
import nrrd
import numpy as np
import pydicom
import SimpleITK as sitk
import tifffile
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    PositronEmissionTomographyImageStorage,
    RTStructureSetStorage,
)
from skimage.measure import points_in_poly

ROOT = "1.2.826.0.1.3680043.8.498."
TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]


def uid(name):
    """A UID that depends on nothing but a name."""
    return ROOT + str(int.from_bytes(name.encode(), "big") % 10**30)


def formula(shape):
    """value(x, y, z) = (7x + 13y + 31z) mod 101 - 20, as [z, y, x]."""
    z, y, x = np.indices(shape)
    return ((7 * x + 13 * y + 31 * z) % 101 - 20).astype(np.int16)


def block(shape):
    """A region with a hole: 1 inside a box, 0 in its middle."""
    m = np.zeros(shape, np.uint8)
    nz, ny, nx = shape
    m[1 : nz - 1, 1 : ny - 1, 1 : nx - 2] = 1
    m[1 : nz - 1, 3:4, 3:4] = 0
    return m


class Volume:
    """Voxels [z, y, x] with an affine in RAS, columns x, y, z."""

    def __init__(self, voxels, affine):
        self.voxels = voxels
        self.ras = np.asarray(affine, float)
        self.lps = np.diag([-1, -1, 1, 1]) @ self.ras

    @property
    def spacing(self):
        return [float(np.sqrt((c * c).sum())) for c in self.lps[:3, :3].T]

    def sitk(self, voxels=None):
        image = sitk.GetImageFromArray(self.voxels if voxels is None else voxels)
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.lps[:3, 3].tolist())
        image.SetDirection((self.lps[:3, :3] / np.array(self.spacing)).ravel().tolist())
        return image


def nifti(volume, path, dtype=None, big=False, two=False):
    kind = (nib.Nifti2Pair if two else nib.Nifti1Pair) if path.suffix in (".hdr", ".img") else (
        nib.Nifti2Image if two else nib.Nifti1Image)
    data = np.asfortranarray(volume.voxels.transpose(2, 1, 0)).astype(dtype or volume.voxels.dtype)
    header = kind.header_class(endianness=">" if big else "<")
    header.set_data_dtype(data.dtype)
    image = kind(data, volume.ras, header)
    image.header.set_xyzt_units("mm")
    image.set_sform(volume.ras, 1)
    image.set_qform(volume.ras, 1)
    nib.save(image, path)


def write_nrrd(volume, path, encoding="raw", endian="little", detached=False, dtype=None):
    data = volume.voxels.transpose(2, 1, 0).astype(dtype or volume.voxels.dtype)
    if endian == "big":
        data = data.astype(data.dtype.newbyteorder(">"))
    header = {
        "space": "left-posterior-superior",
        "space directions": volume.lps[:3, :3].T,
        "space origin": volume.lps[:3, 3],
        "kinds": ["domain"] * 3,
        "encoding": encoding,
        "endian": endian,
    }
    nrrd.write(str(path), data, header, detached_header=detached)


def dicom_series(volume, folder, name, syntax=ExplicitVRLittleEndian, slope=None, intercept=0,
                 per_slice=None, storage=CTImageStorage, modality="CT", encapsulate=None):
    """One file a slice, names in an order of their own; `per_slice` gives slopes (PET)."""
    folder.mkdir(parents=True, exist_ok=True)
    lps, spacing = volume.lps, volume.spacing
    cosines = lps[:3, :3] / np.array(spacing)
    signed = volume.voxels.dtype.kind == "i"
    bits = 8 * volume.voxels.dtype.itemsize
    sources = []
    n = len(volume.voxels)
    for z, plane in enumerate(volume.voxels):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = storage
        meta.MediaStorageSOPInstanceUID = uid(f"{name}{z}")
        meta.TransferSyntaxUID = syntax
        meta.ImplementationClassUID = uid("maker")
        ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128,
                         is_implicit_VR=syntax.is_implicit_VR, is_little_endian=syntax.is_little_endian)
        ds.SOPClassUID = storage
        ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        ds.StudyInstanceUID = uid("study")
        ds.SeriesInstanceUID = uid(name)
        ds.FrameOfReferenceUID = uid("frame")
        ds.PatientID, ds.PatientName = "PHANTOM", "Phantom^Formula"
        ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.StudyID = ""
        ds.StudyDate, ds.StudyTime = "20200101", "120000"
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, 1, n - z
        ds.Manufacturer = ds.PositionReferenceIndicator = ds.ReferringPhysicianName = ""
        ds.ImagePositionPatient = [decimal(v) for v in (lps @ [0, 0, z, 1])[:3]]
        ds.ImageOrientationPatient = [decimal(v) for v in [*cosines[:, 0], *cosines[:, 1]]]
        ds.PixelSpacing = [decimal(spacing[1]), decimal(spacing[0])]
        ds.SliceThickness = decimal(spacing[2])
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = plane.shape
        ds.BitsAllocated = ds.BitsStored = bits
        ds.HighBit, ds.PixelRepresentation = bits - 1, int(signed)
        if slope is not None or per_slice:
            ds.RescaleSlope = decimal(per_slice[z] if per_slice else slope)
            ds.RescaleIntercept = decimal(intercept)
        ds.PixelData = plane.tobytes() if syntax != ExplicitVRBigEndian else plane.astype(
            plane.dtype.newbyteorder(">")).tobytes()
        if len(ds.PixelData) % 2:
            ds.PixelData += b"\0"
        ds["PixelData"].VR = "OW"
        if encapsulate:
            ds.compress(encapsulate)
        # Names count down while positions count up: the reader must sort by position.
        path = folder / f"I{n - z:03d}.dcm"
        ds.save_as(path, enforce_file_format=True)
        sources.append(pydicom.dcmread(path))
    return sources


def decimal(value):
    """A DS value: at most 16 characters, the shortest that reads back the same where there is one."""
    text = repr(float(value))
    if text.endswith(".0"):
        text = text[:-2]
    if len(text) <= 16:
        return text
    digits = 16
    while len(f"{value:.{digits}g}") > 16:
        digits -= 1
    return f"{value:.{digits}g}"


def outlines(volume, contours_of):
    """Contours [(z, [(i, j), ...])] in index space as points in LPS."""
    out = []
    for z, points in contours_of:
        at = np.array([[i, j, z, 1.0] for i, j in points])
        out.append(((volume.lps @ at.T).T[:, :3], z))
    return out


def rtstruct(volume, sources, path, rois):
    """`rois`: number -> (name, [(z, points in index space)])."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = uid("rtstruct" + path.name)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("maker")
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = RTStructureSetStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid("study"), uid("rtseries")
    ds.Modality, ds.PatientID, ds.PatientName = "RTSTRUCT", "PHANTOM", "Phantom^Formula"
    ds.StructureSetLabel = "formula"
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(), Sequence()
    for number, (name, contours) in rois.items():
        roi = Dataset()
        roi.ROINumber, roi.ROIName = number, name
        roi.ReferencedFrameOfReferenceUID = uid("frame")
        roi.ROIGenerationAlgorithm = ""
        ds.StructureSetROISequence.append(roi)
        item = Dataset()
        item.ReferencedROINumber = number
        item.ContourSequence = Sequence()
        for points, z in outlines(volume, contours):
            c = Dataset()
            c.ContourGeometricType = "CLOSED_PLANAR"
            c.NumberOfContourPoints = len(points)
            c.ContourData = [decimal(v) for v in points.ravel()]
            image = Dataset()
            image.ReferencedSOPClassUID = CTImageStorage
            image.ReferencedSOPInstanceUID = sources[z].SOPInstanceUID
            c.ContourImageSequence = Sequence([image])
            item.ContourSequence.append(c)
        ds.ROIContourSequence.append(item)
    ds.save_as(path, enforce_file_format=True)


def rasterised(shape, contours):
    """Even-odd over all contours of a slice, at pixel centres, by scikit-image's point-in-polygon test."""
    nz, ny, nx = shape
    centres = np.array([[i, j] for j in range(ny) for i in range(nx)], float)
    out = np.zeros(shape, np.uint8)
    for z, points in contours:
        out[z] ^= points_in_poly(centres, np.array(points, float)).reshape(ny, nx).astype(np.uint8)
    return out


def polygons(mask):
    """Outlines of a mask's slices, half a voxel around every voxel, by scikit-image: holes are contours, too."""
    from skimage.measure import find_contours

    out = []
    for z, plane in enumerate(mask):
        padded = np.pad(plane.astype(float), 1)
        for line in find_contours(padded, 0.5, fully_connected="low", positive_orientation="low"):
            points = [(c - 1, r - 1) for r, c in line]
            out.append((z, points[:-1] if points[0] == points[-1] else points))
    return out


def seg(mask, sources, path, kind, labels):
    """`labels`: number -> name; binary, or fractional with inside 200 of 255 and 100 around it."""
    code = hd.sr.CodedConcept("91723000", "SCT", "Anatomical Structure")
    algorithm = hd.AlgorithmIdentificationSequence(name="formula", version="1", family=code)
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=number, segment_label=name, segmented_property_category=code,
            segmented_property_type=code, algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm)
        for number, name in labels.items()
    ]
    order = sorted(sources, key=lambda s: np.cross(
        np.array(s.ImageOrientationPatient[:3], float), np.array(s.ImageOrientationPatient[3:], float))
        @ np.array(s.ImagePositionPatient, float))
    made = hd.seg.Segmentation(
        source_images=order, pixel_array=mask, segmentation_type=kind,
        segment_descriptions=descriptions, series_instance_uid=uid("seg" + path.name), series_number=2,
        sop_instance_uid=uid("segobject" + path.name), instance_number=1, manufacturer="formula",
        manufacturer_model_name="formula", software_versions="1", device_serial_number="1",
        max_fractional_value=255, omit_empty_frames=True)
    made.ContentDate = made.SeriesDate = made.InstanceCreationDate = "20200101"
    made.ContentTime = made.SeriesTime = made.InstanceCreationTime = "120000"
    made.save_as(path)


def itk_lossless(plane):
    """A slice as JPEG lossless (process 14, selection value 1) by GDCM within SimpleITK: the packed frame."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "slice.dcm")
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(path)
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.Execute(sitk.GetImageFromArray(plane[None]))
        written = pydicom.dcmread(path)
        assert written.file_meta.TransferSyntaxUID == JPEGLosslessSV1, written.file_meta.TransferSyntaxUID
        return next(generate_frames(written.PixelData, number_of_frames=1))


def pillow_baseline(plane):
    """A slice of bytes as JPEG baseline."""
    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def jpeg(volume, folder, name, syntax, frame):
    """A series whose pixels are packed slice by slice."""
    for source in dicom_series(volume, folder, name):
        source.PixelData = encapsulate([frame(source.pixel_array)])
        source.file_meta.TransferSyntaxUID = syntax
        source["PixelData"].VR = "OB"
        source["PixelData"].is_undefined_length = True
        source.save_as(source.filename, enforce_file_format=True)


def enhanced(volume, sources, path, frame=None, syntax=None):
    """A series as one multi-frame file, its frames in the files' order; packed where `frame` packs one."""
    ds = pydicom.dcmread(sources[0].filename)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(path.name)
    for element in ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"]:
        delattr(ds, element)
    order = sorted(sources, key=lambda source: source.filename)
    shared, orientation, measures, scaling = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = order[0].ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = order[0].PixelSpacing, order[0].SliceThickness
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence()
    for number, source in enumerate(order):
        own, position, scaling = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = source.ImagePositionPatient
        scaling.RescaleSlope, scaling.RescaleIntercept, scaling.RescaleType = "2", str(number), "US"
        own.PlanePositionSequence = Sequence([position])
        own.PixelValueTransformationSequence = Sequence([scaling])
        ds.PerFrameFunctionalGroupsSequence.append(own)
    ds.NumberOfFrames = len(order)
    planes = [source.pixel_array for source in order]
    ds.PixelData = b"".join(plane.tobytes() for plane in planes)
    ds.PixelData += b"\0" * (len(ds.PixelData) % 2)
    ds["PixelData"].VR = "OW"
    if frame:
        ds.file_meta.TransferSyntaxUID = syntax
        # Two pieces a frame: the table of offsets says which.
        ds.PixelData = encapsulate([frame(plane) for plane in planes], fragments_per_frame=2)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    ds.save_as(path, enforce_file_format=True)


def packed(straight, sources, out):
    """JPEG and multi-frame files, and what Pillow makes of its own JPEG."""
    jpeg(straight, out / "series_lossless", "lossless", JPEGLosslessSV1, itk_lossless)
    grey = Volume((straight.voxels + 20).astype(np.uint8), straight.ras)
    jpeg(grey, out / "series_jpeg", "jpeg", JPEGBaseline8Bit, pillow_baseline)
    np.save(out / "series_jpeg.npy", np.stack([
        np.asarray(Image.open(io.BytesIO(pillow_baseline(plane)))) for plane in grey.voxels]))
    enhanced(straight, sources, out / "enhanced.dcm")
    enhanced(straight, sources, out / "enhanced_lossless.dcm", itk_lossless, JPEGLosslessSV1)


def small(out):
    out.mkdir(exist_ok=True)
    shape = (5, 7, 9)
    straight = Volume(formula(shape), [[-0.5, 0, 0, 10.25], [0, -0.75, 0, 20.5], [0, 0, 2.5, -30], [0, 0, 0, 1]])
    mask = Volume(block(shape), straight.ras)
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    oblique = Volume(formula(shape), np.eye(4))
    oblique.ras[:3, :3] = turn * [0.5, 0.75, 2.5]
    oblique.ras[:3, 3] = [1, 2, 3]
    oblique = Volume(oblique.voxels, oblique.ras)

    nifti(straight, out / "straight.nii.gz")
    nifti(mask, out / "mask.nii.gz")
    for encoding in ["raw", "gzip", "ascii", "hex"]:
        if encoding == "hex":
            continue  # pynrrd does not write it; made below
        for endian in ["little", "big"]:
            write_nrrd(straight, out / f"straight_{encoding}_{endian}.nrrd", encoding, endian)
    for kind in TYPES:
        write_nrrd(Volume(np.abs(straight.voxels.astype(np.int64)).astype(kind), straight.ras),
                   out / f"type_{kind}.nrrd", "gzip")
        sitk.WriteImage(straight.sitk(np.abs(straight.voxels.astype(np.int64)).astype(kind)),
                        str(out / f"type_{kind}.mha"), True)
    write_nrrd(straight, out / "detached_raw.nhdr", "raw", detached=True)
    write_nrrd(straight, out / "detached_gzip.nhdr", "gzip", detached=True)
    write_nrrd(mask, out / "mask.nrrd", "gzip")
    text = (out / "straight_raw_little.nrrd").read_bytes().split(b"\n\n", 1)
    (out / "straight_hex.nrrd").write_bytes(
        text[0].replace(b"encoding: raw", b"encoding: hex") + b"\n\n" + text[1].hex("\n", 32).encode())
    head = text[0].replace(b"encoding: raw", b"encoding: raw\nbyte skip: -1")
    pieces = [straight.voxels[z].tobytes() for z in range(shape[0])]
    for z, piece in enumerate(pieces):
        (out / f"piece{z + 1:02d}.raw").write_bytes(piece)
    (out / "pattern.nhdr").write_bytes(head + b"\ndata file: piece%02d.raw 1 5 1\n")
    names = "\n".join(f"piece{z + 1:02d}.raw" for z in range(shape[0]))
    (out / "list.nhdr").write_bytes(head + b"\ndata file: LIST\n" + names.encode() + b"\n")
    # A colour axis in front: the first of two channels.
    two = np.stack([straight.voxels, straight.voxels + 1], -1)
    nrrd.write(str(out / "channels.nrrd"), two.transpose(3, 2, 1, 0), {
        "space": "left-posterior-superior",
        "space directions": np.vstack([[np.nan] * 3, straight.lps[:3, :3].T]),
        "space origin": straight.lps[:3, 3], "kinds": ["vector", "domain", "domain", "domain"]})
    write_nrrd(oblique, out / "oblique.nrrd", "gzip")
    nifti(oblique, out / "oblique.nii.gz")
    sitk.WriteImage(oblique.sitk(), str(out / "oblique.mha"), True)
    sitk.WriteImage(oblique.sitk(), str(out / "oblique_itk.nrrd"), True)
    sitk.WriteImage(straight.sitk(), str(out / "straight.mha"), False)
    sitk.WriteImage(straight.sitk(), str(out / "straight_zlib.mha"), True)
    sitk.WriteImage(straight.sitk(), str(out / "straight.mhd"), False)
    sitk.WriteImage(straight.sitk(), str(out / "straight_zlib.mhd"), True)
    sitk.WriteImage(mask.sitk(), str(out / "mask.mha"), True)
    mhd = (out / "straight.mhd").read_text()
    lines = [line for line in mhd.splitlines() if not line.startswith("ElementDataFile")]
    (out / "list.mhd").write_text("\n".join(lines + ["ElementDataFile = LIST"] + names.split("\n")) + "\n")
    (out / "pattern.mhd").write_text("\n".join(lines + ["ElementDataFile = piece%02d.raw 1 5 1"]) + "\n")
    big = "\n".join(lines + ["ElementDataFile = LOCAL"]).replace(
        "BinaryDataByteOrderMSB = False", "BinaryDataByteOrderMSB = True") + "\n"
    (out / "big.mha").write_bytes(big.encode() + straight.voxels.astype(">i2").tobytes())
    written = "\n".join(lines + ["ElementDataFile = LOCAL"]).replace("BinaryData = True", "BinaryData = False")
    (out / "text.mha").write_text(written + "\n" + " ".join(map(str, straight.voxels.ravel())) + "\n")

    sources = dicom_series(straight, out / "series", "series")
    for name, syntax in [("implicit", ImplicitVRLittleEndian), ("big", ExplicitVRBigEndian),
                         ("deflated", DeflatedExplicitVRLittleEndian)]:
        dicom_series(straight, out / f"series_{name}", name, syntax)
    dicom_series(straight, out / "series_rle", "rle", encapsulate=pydicom.uid.RLELossless)
    dicom_series(straight, out / "series_scaled", "scaled", slope=2.0, intercept=-5)
    dicom_series(straight, out / "series_pet", "pet", per_slice=[0.5 + 0.25 * z for z in range(shape[0])],
                 storage=PositronEmissionTomographyImageStorage, modality="PT")
    dicom_series(oblique, out / "series_oblique", "oblique")
    packed(straight, sources, out)

    tri = [(2.3, 1.2), (6.7, 1.9), (3.1, 5.6)]
    outer = [(0.6, 0.7), (7.3, 0.6), (7.4, 5.7), (0.8, 5.4)]
    hole = [(2.2, 2.3), (5.6, 2.1), (5.3, 4.6), (2.4, 4.4)]
    island = [(3.3, 2.8), (4.4, 2.7), (4.3, 3.8), (3.2, 3.7)]
    star = [(4 + 3.3 * r * np.cos(t), 3 + 2.6 * r * np.sin(t))
            for t, r in zip(np.linspace(0.1, 2 * np.pi + 0.1, 21)[:-1], [1, 0.45] * 10)]
    rois = {
        3: ("GTV-1", [(1, outer), (1, hole), (1, island), (2, tri), (3, star)]),
        7: ("Heart", [(2, outer), (2, hole)]),
    }
    rtstruct(straight, sources, out / "rtstruct.dcm", rois)
    expected = {name: rasterised(shape, contours) for name, contours in rois.values()}
    for name, region in expected.items():
        nifti(Volume(region, straight.ras), out / f"rtstruct_{name}.nii.gz")
    binary = hd.seg.SegmentationTypeValues.BINARY
    two_labels = np.stack([mask.voxels == 1, expected["Heart"] == 1], -1)
    seg(two_labels, sources, out / "seg_binary.dcm", binary, {1: "Block", 2: "Heart"})
    share = np.where(mask.voxels == 1, 200, 0).astype(float)
    share[:, 0, :] = 100
    seg((share / 255)[..., None], sources, out / "seg_fractional.dcm",
        hd.seg.SegmentationTypeValues.FRACTIONAL, {1: "Block"})

    plane = straight.voxels[2]
    Image.fromarray((plane + 20).astype(np.uint8)).save(out / "slice8.png")
    Image.fromarray((plane.astype(np.uint16) + 20) * 300).save(out / "slice16.png")
    Image.fromarray(mask.voxels[2]).save(out / "slice_mask.png")
    tifffile.imwrite(out / "pages.tif", (straight.voxels + 20).astype(np.uint16), photometric="minisblack", metadata=None)
    tifffile.imwrite(out / "pages_big.tif", (straight.voxels + 20).astype(np.uint16), byteorder=">",
                     photometric="minisblack", compression="zlib", metadata=None)
    tifffile.imwrite(out / "float.tif", straight.voxels[2].astype(np.float32), photometric="minisblack", metadata=None)
    np.save(out / "volume.npy", straight.voxels)
    np.save(out / "fortran.npy", np.asfortranarray(straight.voxels))
    np.save(out / "big.npy", straight.voxels.astype(">i2"))
    images = ((np.arange(12)[:, None, None] * 17 + np.add.outer(np.arange(6) * 5, np.arange(8) * 11)) % 251).astype(np.uint8)
    labels = (np.arange(12) % 2).astype(np.uint8)[:, None]
    split = dict(train_images=images[:6], train_labels=labels[:6], val_images=images[6:9], val_labels=labels[6:9],
                 test_images=images[9:], test_labels=labels[9:])
    np.savez(out / "medmnist.npz", **split)
    np.savez_compressed(out / "medmnist_packed.npz", **split)
    (out / "expected.json").write_text(json.dumps({
        "shape": shape, "straight": straight.ras.tolist(), "oblique": oblique.ras.tolist(),
        "programs": {"pydicom": pydicom.__version__, "nibabel": nib.__version__, "pynrrd": nrrd.__version__,
                     "SimpleITK": sitk.Version.VersionString(), "highdicom": hd.__version__,
                     "tifffile": tifffile.__version__, "numpy": np.__version__},
    }, indent=1) + "\n")


def real(image, mask, out):
    """Every format of one volume. The slice distance is rounded to what DICOM can write, so that no format loses a bit."""
    out.mkdir(parents=True, exist_ok=True)
    source, labels = nib.load(image), nib.load(mask)
    affine = source.affine.copy()
    for column in range(3):
        length = np.linalg.norm(affine[:3, column])
        affine[:3, column] *= np.round(length * 64) / 64 / length
    affine[:3, 3] = np.round(affine[:3, 3] * 64) / 64
    voxels = np.ascontiguousarray(np.asanyarray(source.dataobj).transpose(2, 1, 0))
    if voxels.dtype.kind == "f" and (voxels == np.round(voxels)).all():
        voxels = voxels.astype(np.int16)  # CT: whole numbers, which DICOM holds
    region = np.ascontiguousarray((np.asanyarray(labels.dataobj) > 0).astype(np.uint8).transpose(2, 1, 0))
    volume, inside = Volume(voxels, affine), Volume(region, affine)
    nifti(volume, out / "image.nii"); nifti(inside, out / "mask.nii")
    nifti(volume, out / "image_2.nii", two=True)
    nifti(volume, out / "image_gz.nii.gz"); nifti(inside, out / "mask_gz.nii.gz")
    nifti(volume, out / "image_big.nii", big=True)
    nifti(volume, out / "image_pair.img")
    write_nrrd(volume, out / "image_raw.nrrd"); write_nrrd(inside, out / "mask_gzip.nrrd", "gzip")
    write_nrrd(volume, out / "image_gzip.nrrd", "gzip")
    write_nrrd(volume, out / "image_big.nrrd", endian="big")
    write_nrrd(volume, out / "image_detached.nhdr", detached=True)
    sitk.WriteImage(volume.sitk(), str(out / "image.mha"), False)
    sitk.WriteImage(volume.sitk(), str(out / "image_zlib.mha"), True)
    sitk.WriteImage(volume.sitk(), str(out / "image.mhd"), False)
    sitk.WriteImage(inside.sitk(), str(out / "mask.mha"), True)
    sources = dicom_series(volume, out / "series", "real")
    dicom_series(volume, out / "series_rle", "realrle", encapsulate=pydicom.uid.RLELossless)
    contours = polygons(region)
    rtstruct(volume, sources, out / "rtstruct.dcm", {1: ("Region", contours)})
    nifti(Volume(rasterised(region.shape, contours), affine), out / "rtstruct_reference.nii.gz")
    order = region if np.dot(np.cross(volume.lps[:3, 0], volume.lps[:3, 1]), volume.lps[:3, 2]) > 0 else region[::-1]
    seg(order[..., None], sources, out / "seg.dcm", hd.seg.SegmentationTypeValues.BINARY, {1: "Region"})
    print("voxels", voxels.shape, voxels.dtype, "region", int(region.sum()),
          "rasterised", int(rasterised(region.shape, contours).sum()), "spacing", volume.spacing)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        real(*map(Path, sys.argv[1:]))
    else:
        small(Path(__file__).parent / "files")
