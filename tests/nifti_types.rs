//! Every number type, byte order, edition and way of storing gives the same values to the bit.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

mod nifti_files;

use ndarray::Array3;
use nifti_files::{Edition, Folder, Header, Order, gzip};
use raduet::io::{ReadOptions, read_volume};
use raduet_features::{Scaling, Voxels};

const SHAPE: [usize; 3] = [2, 3, 4];
const N: usize = 24;

/// Type code, bits, bytes of the voxels in either order, the voxels expected.
type Kind = (i16, i16, fn(Order) -> Vec<u8>, fn() -> Voxels);

macro_rules! kind {
    ($code:literal, $bits:literal, $variant:ident, $values:expr) => {
        (
            $code,
            $bits,
            |order| {
                $values
                    .into_iter()
                    .flat_map(|v| match order {
                        Order::Little => v.to_le_bytes(),
                        Order::Big => v.to_be_bytes(),
                    })
                    .collect()
            },
            || Voxels::$variant(Array3::from_shape_vec(SHAPE, $values.to_vec()).unwrap()),
        )
    };
}

/// Values that show a wrong order, sign or width: the extremes and distinct bytes in between.
macro_rules! integers {
    ($kind:ty) => {
        std::array::from_fn::<$kind, N, _>(|i| match i {
            0 => <$kind>::MIN,
            1 => <$kind>::MAX,
            _ => <$kind>::MAX / 3 - <$kind>::try_from(i).unwrap(),
        })
    };
}

macro_rules! floats {
    ($kind:ty) => {
        std::array::from_fn::<$kind, N, _>(|i| match i {
            0 => <$kind>::MIN,
            1 => <$kind>::MIN_POSITIVE / 2.0,
            2 => -0.0,
            3 => <$kind>::INFINITY,
            _ => (i as $kind).sqrt(),
        })
    };
}

fn kinds() -> [Kind; 10] {
    [
        kind!(2, 8, U8, integers!(u8)),
        kind!(256, 8, I8, integers!(i8)),
        kind!(512, 16, U16, integers!(u16)),
        kind!(4, 16, I16, integers!(i16)),
        kind!(768, 32, U32, integers!(u32)),
        kind!(8, 32, I32, integers!(i32)),
        kind!(1280, 64, U64, integers!(u64)),
        kind!(1024, 64, I64, integers!(i64)),
        kind!(16, 32, F32, floats!(f32)),
        kind!(64, 64, F64, floats!(f64)),
    ]
}

#[test]
fn all_types_orders_editions_and_containers_agree() {
    let folder = Folder::new();
    let mut read = 0;
    for (code, bits, bytes, expected) in kinds() {
        for order in [Order::Little, Order::Big] {
            for edition in [Edition::One, Edition::Two] {
                let header = Header {
                    datatype: code,
                    bitpix: bits,
                    order,
                    dim: [3, 4, 3, 2, 1, 1, 1, 1],
                    ..Header::default()
                }
                .edition(edition);
                let voxels = bytes(order);
                let single = header.file(&voxels);
                let pair = header.clone().of_pair().bytes();
                let name = format!("{code}-{order:?}-{edition:?}");
                let paths = [
                    folder.put(&format!("{name}.nii"), &single),
                    folder.put(&format!("{name}.nii.gz"), &gzip(&single)),
                    folder.put(&format!("{name}.hdr"), &pair),
                    folder.put(&format!("{name}.img"), &voxels),
                    folder.put(&format!("z{name}.hdr.gz"), &gzip(&pair)),
                    folder.put(&format!("z{name}.img.gz"), &gzip(&voxels)),
                ];
                for path in paths {
                    let found = read_volume(&path, &ReadOptions::default()).unwrap();
                    assert_eq!(found.warnings, [], "{}", path.display());
                    let volume = found.volume;
                    assert_eq!(*volume.voxels(), expected(), "{}", path.display());
                    assert_eq!(volume.scaling(), Scaling::NONE);
                    assert_eq!(volume.grid().shape, SHAPE);
                    assert_eq!(volume.grid().spacing.zyx(), [2.0; 3]);
                    assert_eq!(volume.grid().affine.0, header.srow);
                    read += 1;
                }
            }
        }
    }
    assert_eq!(read, 10 * 2 * 2 * 6);
}
