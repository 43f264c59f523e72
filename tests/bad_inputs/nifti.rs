//! NIfTI: fields, files cut off, packing, masks.

use raduet::error::Code;

use crate::nifti_files::{Edition, Header, Order, counting, gzip};
use crate::{Door, Input, Region};

/// A change of a header.
type Change = fn(&mut Header);

/// A header with something wrong in it, in both editions, plain and packed.
#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn headers() -> Vec<(String, Header, Code, &'static str)> {
    let mut list = Vec::new();
    for edition in [Edition::One, Edition::Two] {
        let of = |change: &dyn Fn(&mut Header)| {
            let mut header = Header::default().edition(edition);
            change(&mut header);
            header
        };
        let mut add = |name: &str, change: &dyn Fn(&mut Header), code, says| {
            list.push((format!("{edition:?} {name}"), of(change), code, says));
        };
        for rank in [0, 8, -1, 9999] {
            add(
                &format!("dim[0] {rank}"),
                &|h| h.dim[0] = rank,
                Code::Header,
                "dim[0]",
            );
        }
        for (axis, says) in [(1, "dim[1]"), (2, "dim[2]"), (3, "dim[3]")] {
            for n in [0, -7] {
                add(
                    &format!("dim[{axis}] {n}"),
                    &|h| h.dim[axis] = n,
                    Code::Header,
                    says,
                );
            }
        }
        add(
            "all sizes at their top",
            &|h| h.dim = [3, 32767, 32767, 32767, 1, 1, 1, 1],
            Code::TooLarge,
            "bytes",
        );
        add(
            "two volumes",
            &|h| h.dim = [4, 12, 11, 5, 2, 1, 1, 1],
            Code::Ndim,
            "2 volumes",
        );
        add(
            "six volumes in five dimensions",
            &|h| h.dim = [5, 12, 11, 10, 2, 3, 1, 1],
            Code::Ndim,
            "6 volumes",
        );
        for (code, says) in [
            (0, "unknown"),
            (1, "binary"),
            (32, "datatype 32"),
            (128, "datatype 128"),
            (1536, "datatype 1536"),
            (1792, "datatype 1792"),
            (2048, "datatype 2048"),
            (2304, "datatype 2304"),
            (3, "does not define"),
            (-4, "does not define"),
        ] {
            add(
                &format!("datatype {code}"),
                &|h| h.datatype = code,
                Code::Datatype,
                says,
            );
        }
        for offset in [0.0, 100.0, -352.0] {
            add(
                &format!("vox_offset {offset}"),
                &|h| h.vox_offset = offset,
                Code::Header,
                "vox_offset",
            );
        }
        add(
            "slope infinite",
            &|h| h.slope = f64::INFINITY,
            Code::Header,
            "scl_slope",
        );
        add(
            "intercept NaN",
            &|h| h.intercept = f64::NAN,
            Code::Header,
            "scl_inter",
        );
        add(
            "intercept infinite",
            &|h| h.intercept = f64::NEG_INFINITY,
            Code::Header,
            "scl_inter",
        );
        add(
            "no orientation, voxels of size 0",
            &|h| {
                h.sform_code = 0;
                h.pixdim[1] = 0.0;
            },
            Code::Header,
            "pixdim",
        );
        add(
            "no orientation, voxels of size NaN",
            &|h| {
                h.sform_code = 0;
                h.pixdim[2] = f64::NAN;
            },
            Code::Header,
            "pixdim",
        );
    }
    // Fields that only one edition can hold.
    let one = |change: &dyn Fn(&mut Header)| {
        let mut header = Header::default();
        change(&mut header);
        header
    };
    let two = |change: &dyn Fn(&mut Header)| {
        let mut header = Header::default().edition(Edition::Two);
        change(&mut header);
        header
    };
    list.push((
        "vox_offset NaN".into(),
        one(&|h| h.vox_offset = f64::NAN),
        Code::Header,
        "vox_offset",
    ));
    list.push((
        "vox_offset 352.5".into(),
        one(&|h| h.vox_offset = 352.5),
        Code::Header,
        "vox_offset",
    ));
    list.push((
        "vox_offset infinite".into(),
        one(&|h| h.vox_offset = f64::INFINITY),
        Code::Header,
        "vox_offset",
    ));
    list.push((
        "vox_offset beyond the file".into(),
        one(&|h| h.vox_offset = 1e6),
        Code::Header,
        "vox_offset",
    ));
    list.push((
        "sizes that overflow".into(),
        two(&|h| h.dim = [3, i64::MAX, i64::MAX, 3, 1, 1, 1, 1]),
        Code::Header,
        "more bytes",
    ));
    list.push((
        "one long axis".into(),
        two(&|h| h.dim = [3, 1 << 40, 1, 1, 1, 1, 1, 1]),
        Code::TooLarge,
        "bytes",
    ));
    list.push((
        "volumes that overflow".into(),
        two(&|h| h.dim = [7, 1, 1, 1, i64::MAX, i64::MAX, 2, 2]),
        Code::Header,
        "volumes",
    ));
    list.push((
        "vox_offset at its top".into(),
        two(&|h| h.vox_offset = 9e18),
        Code::Header,
        "vox_offset",
    ));
    list
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, header, code, says) in headers() {
        let bytes = header.file(&counting(1320, header.order));
        let packed = format!("{name}, packed");
        if !name.contains("beyond the file") {
            inputs.push(Input::bad(
                Door::Image,
                &packed,
                "x.nii.gz",
                gzip(&bytes),
                code,
                says,
            ));
        }
        inputs.push(Input::bad(Door::Image, &name, "x.nii", bytes, code, says));
    }
    let bad = |name: &str, file: &str, bytes: Vec<u8>, code, says| {
        Input::bad(Door::Image, name, file, bytes, code, says)
    };
    let whole = Header::default().counting();
    let packed = gzip(&whole);
    inputs.extend([
        bad("empty", "x.nii", vec![], Code::Truncated, "header bytes"),
        bad(
            "three bytes",
            "x.nii",
            vec![92, 1, 0],
            Code::Truncated,
            "header bytes",
        ),
        bad(
            "half a header",
            "x.nii",
            whole[..200].to_vec(),
            Code::Truncated,
            "200 of 348",
        ),
        bad(
            "no voxel",
            "x.nii",
            whole[..352].to_vec(),
            Code::Truncated,
            "0 of 2640",
        ),
        bad(
            "half the voxels",
            "x.nii",
            whole[..1672].to_vec(),
            Code::Truncated,
            "1320 of 2640",
        ),
        bad(
            "a byte short",
            "x.nii",
            whole[..2991].to_vec(),
            Code::Truncated,
            "2639 of 2640",
        ),
        bad(
            "half a header, packed",
            "x.nii.gz",
            gzip(&whole[..200]),
            Code::Truncated,
            "200 of 348",
        ),
        bad(
            "half the voxels, packed",
            "x.nii.gz",
            gzip(&whole[..1672]),
            Code::Truncated,
            "1320 of 2640",
        ),
        bad(
            "the end of the packed file",
            "x.nii.gz",
            packed[..packed.len() - 3].to_vec(),
            Code::Truncated,
            "checksum",
        ),
        bad(
            "two bytes of gzip",
            "x.nii.gz",
            packed[..2].to_vec(),
            Code::Truncated,
            "header bytes",
        ),
        bad(
            "packed twice",
            "x.nii.gz",
            gzip(&packed),
            Code::Header,
            "gzip",
        ),
        bad(
            "text",
            "x.nii",
            b"this is no image at all, just a few words of text".to_vec(),
            Code::Header,
            "sizeof_hdr",
        ),
        bad("zeros", "x.nii", vec![0; 1000], Code::Header, "sizeof_hdr"),
        bad(
            "a web page",
            "x.nii.gz",
            b"<!DOCTYPE html><html>not found</html>".to_vec(),
            Code::Format,
            "web page",
        ),
        bad(
            "an LFS pointer",
            "x.nii",
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            Code::Format,
            "LFS",
        ),
        bad(
            "a zip archive",
            "x.nii",
            b"PK\x03\x04\0\0\0\0".to_vec(),
            Code::Corrupt,
            "damaged archive",
        ),
        bad(
            "an HDF5 file",
            "x.img",
            b"\x89HDF\r\n\x1a\n".to_vec(),
            Code::Format,
            "HDF5",
        ),
        bad(
            "ANALYZE 7.5",
            "x.hdr",
            {
                let mut b = whole.clone();
                b[344..348].fill(0);
                b
            },
            Code::Header,
            "ANALYZE",
        ),
        bad(
            "another magic",
            "x.nii",
            {
                let mut b = whole.clone();
                b[345] = b'?';
                b
            },
            Code::Header,
            "magic",
        ),
        bad(
            "a header without its image",
            "x.hdr",
            Header::default().of_pair().bytes(),
            Code::NotFound,
            "missing",
        ),
    ]);
    // Damage in the packed stream, byte by byte through the middle: the checksum tells.
    for at in [10, 11, 20, 40, 80, packed.len() - 8, packed.len() - 6] {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        let mut input = bad(
            &format!("packed, byte {at} changed"),
            "x.nii.gz",
            damaged,
            Code::Corrupt,
            "",
        );
        // A change may look like an end, or like another header.
        if at < 15 {
            input.refused = None;
            input.name.push_str(" (any code)");
            continue;
        }
        inputs.push(input);
    }
    let pair = Header::default().of_pair();
    inputs.push(
        bad(
            "voxels of a pair cut off",
            "x.hdr",
            pair.bytes(),
            Code::Truncated,
            "99 of 2640",
        )
        .with("x.img", counting(1320, Order::Little)[..99].to_vec()),
    );
    inputs.push(
        Input::good(Door::Image, "a pair", "x.hdr", pair.bytes())
            .with("x.img", counting(1320, Order::Little)),
    );
    for order in [Order::Little, Order::Big] {
        for edition in [Edition::One, Edition::Two] {
            let header = Header {
                order,
                ..Header::default()
            }
            .edition(edition);
            let name = format!("{edition:?} {order:?}");
            inputs.push(Input::good(Door::Image, &name, "x.nii", header.counting()));
            let mut longer = header.counting();
            longer.extend([1; 77]);
            let name = format!("{edition:?} {order:?}, more behind");
            inputs.push(Input::good(Door::Image, &name, "x.nii.gz", gzip(&longer)));
        }
    }
    let joined = [gzip(&whole[..400]), gzip(b""), gzip(&whole[400..])].concat();
    inputs.push(Input::good(
        Door::Image,
        "members joined",
        "x.nii.gz",
        joined,
    ));
    inputs.push(Input::good(
        Door::Image,
        "another extension",
        "x.dat",
        packed,
    ));
    let accepted: [(&str, Change); 6] = [
        ("slope 0", |h| h.slope = 0.0),
        ("slope NaN", |h| h.slope = f64::NAN),
        ("units metre", |h| h.units = 1),
        ("neither orientation", |h| h.sform_code = 0),
        ("one volume in five dimensions", |h| {
            h.dim = [5, 12, 11, 10, 1, 1, 1, 1];
        }),
        ("a wrong bitpix", |h| h.bitpix = 7),
    ];
    for (name, change) in accepted {
        let mut header = Header::default();
        change(&mut header);
        inputs.push(Input::good(Door::Image, name, "x.nii", header.counting()));
    }
    inputs.extend(masks());
    inputs
}

/// A mask file with the image's grid, of this type.
fn mask(datatype: i16, bitpix: i16, voxels: &[u8]) -> Vec<u8> {
    let header = Header {
        datatype,
        bitpix,
        ..Header::default()
    };
    header.file(voxels)
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn masks() -> Vec<Input> {
    let image = Header::default().counting();
    let case = |name: &str, choice, bytes: Vec<u8>, refused| Input {
        name: format!("mask: {name}"),
        door: Door::Case(choice),
        files: vec![("i.nii".into(), image.clone()), ("m.nii".into(), bytes)],
        refused,
    };
    let only = Region::Only;
    let bytes = |of: fn(usize) -> u8| -> Vec<u8> { (0..1320).map(of).collect() };
    let floats =
        |of: fn(usize) -> f32| -> Vec<u8> { (0..1320).flat_map(|i| of(i).to_le_bytes()).collect() };
    let grid = |change: fn(&mut Header)| {
        let mut header = Header {
            datatype: 2,
            bitpix: 8,
            ..Header::default()
        };
        change(&mut header);
        let n: i64 = header.dim[1..4].iter().product();
        header.file(&vec![1; usize::try_from(n).unwrap()])
    };
    vec![
        case(
            "empty",
            only,
            mask(2, 8, &[0; 1320]),
            Some((Code::MaskEmpty, "every voxel")),
        ),
        case(
            "empty floats",
            only,
            mask(16, 32, &floats(|_| 0.0)),
            Some((Code::MaskEmpty, "every voxel")),
        ),
        case(
            "label absent",
            Region::Labelled(3),
            mask(2, 8, &bytes(|i| u8::from(i < 7))),
            Some((Code::Label, "present: 1 (7 voxels)")),
        ),
        case(
            "label beyond the type",
            Region::Labelled(1 << 40),
            mask(2, 8, &bytes(|i| u8::from(i < 7))),
            Some((Code::Label, "1 (7 voxels)")),
        ),
        case(
            "several labels",
            only,
            mask(2, 8, &bytes(|i| u8::try_from(i % 3).unwrap())),
            Some((Code::Label, "1 (440 voxels), 2 (440 voxels)")),
        ),
        case(
            "halves",
            only,
            mask(16, 32, &floats(|i| if i == 5 { 0.5 } else { 1.0 })),
            Some((Code::MaskValues, "value 0.5 at voxel x 5, y 0, z 0")),
        ),
        case(
            "grey values",
            only,
            mask(16, 32, &floats(|_| 0.00392)),
            Some((Code::MaskValues, "threshold")),
        ),
        case(
            "NaN",
            only,
            mask(16, 32, &floats(|i| if i == 0 { f32::NAN } else { 1.0 })),
            Some((Code::MaskValues, "NaN")),
        ),
        case(
            "infinite",
            only,
            mask(16, 32, &floats(|_| f32::INFINITY)),
            Some((Code::MaskValues, "inf")),
        ),
        case(
            "smaller",
            only,
            grid(|h| h.dim[1] = 11),
            Some((Code::Geometry, "12x11x10")),
        ),
        case(
            "one slice less",
            only,
            grid(|h| h.dim[3] = 9),
            Some((Code::Geometry, "12x11x9")),
        ),
        case(
            "elsewhere",
            only,
            grid(|h| h.srow[0][3] = 400.0),
            Some((Code::Geometry, "origin")),
        ),
        case(
            "other voxels",
            only,
            grid(|h| h.srow[2][2] = 2.5),
            Some((Code::Geometry, "spacing")),
        ),
        case(
            "turned",
            only,
            grid(|h| {
                h.srow[0] = [1.6, 1.2, 0.0, -5.0];
                h.srow[1] = [-1.2, 1.6, 0.0, 3.0];
            }),
            Some((Code::Geometry, "direction")),
        ),
        case(
            "cut off",
            only,
            mask(2, 8, &[1; 100]),
            Some((Code::Truncated, "100 of 1320")),
        ),
        case("all ones", only, mask(2, 8, &[1; 1320]), None),
        case("0.9999", only, mask(16, 32, &floats(|_| 0.9999)), None),
        case("label 255", only, mask(2, 8, &[255; 1320]), None),
        case(
            "negative labels",
            Region::Labelled(-1),
            mask(256, 8, &[255; 1320]),
            None,
        ),
        case("a hair apart", only, grid(|h| h.srow[0][3] += 0.01), None),
        case(
            "turned over",
            only,
            grid(|h| {
                h.srow[0] = [-2.0, 0.0, 0.0, 17.0];
            }),
            None,
        ),
    ]
}
