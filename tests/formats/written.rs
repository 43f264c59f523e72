//! What is written reads back as the same.

use raduet::io::write::write_volume;
use raduet::io::{ReadOptions, read_volume};

use crate::files::{read, values};

#[test]
fn volumes_survive_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "series",
        "oblique.nrrd",
        "type_uint64.nrrd",
        "type_float32.mha",
        "series_pet",
    ] {
        let volume = read(name).volume;
        let file = folder.path().join("x.nrrd");
        write_volume(&file, &volume).unwrap();
        let again = read_volume(&file, &ReadOptions::default()).unwrap();
        assert_eq!(
            (again.volume, again.warnings),
            (volume.clone(), vec![]),
            "{name}"
        );
        for name in ["x.nii", "x.nii.gz"] {
            let file = folder.path().join(name);
            write_volume(&file, &volume).unwrap();
            let again = read_volume(&file, &ReadOptions::default()).unwrap().volume;
            assert_eq!(values(&again), values(&volume), "{name}");
        }
    }
    // NRRD has no scaling: values are written.
    let scaled = read("series_scaled").volume;
    let file = folder.path().join("scaled.nrrd");
    write_volume(&file, &scaled).unwrap();
    assert_eq!(
        values(&read_volume(&file, &ReadOptions::default()).unwrap().volume),
        values(&scaled)
    );
}
