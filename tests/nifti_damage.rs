//! Cut-off, damaged, hostile and misnamed files.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod nifti_files;

use std::iter::successors;

use nifti_files::{Edition, Folder, Header, codes, counting, gzip};
use raduet::error::{Code, ToolError, WarningCode as W};
use raduet::io::{ByteBudget, ReadOptions, ReadVolume, Unpacking, read_volume};
use raduet_features::Voxels;
use raduet_study::CaseId;

fn sum(voxels: &Voxels) -> i64 {
    match voxels {
        Voxels::I16(array) => array.iter().map(|&v| i64::from(v)).sum(),
        other => panic!("{other:?}"),
    }
}

/// 0 + 1 + … + 1319.
const SUM: i64 = 1319 * 1320 / 2;

fn read_whole(name: &str, bytes: &[u8]) -> Vec<W> {
    let read = Folder::new().read(name, bytes).unwrap();
    assert_eq!(sum(read.volume.voxels()), SUM);
    codes(&read.warnings)
}

#[test]
fn a_cut_off_file_is_counted_in_voxel_bytes() {
    let whole = Header::default().counting();
    let folder = Folder::new();
    for (keep, have) in [(352, 0), (352 + 1320, 1320), (352 + 2639, 2639)] {
        let error = folder.refused("x.nii", &whole[..keep], Code::Truncated);
        assert_eq!(
            error.found,
            format!("{have} of 2640 voxel bytes (12x11x10 int16)")
        );
        let error = folder.refused("y.nii.gz", &gzip(&whole[..keep]), Code::Truncated);
        assert_eq!(
            error.found,
            format!("{have} of 2640 voxel bytes (12x11x10 int16)")
        );
    }
    let path = folder.put("img/P17.nii.gz", &gzip(&whole[..352 + 1320]));
    let error = read_volume(&path, &ReadOptions::default())
        .unwrap_err()
        .case(CaseId::new("P17"))
        .relative_to(folder.path());
    assert_eq!(
        error.to_string(),
        "error[E_TRUNCATED] case P17: img/P17.nii.gz: 1320 of 2640 voxel bytes (12x11x10 int16); \
         the file is cut off: copy it again"
    );
}

#[test]
fn a_gzip_file_cut_anywhere_is_refused() {
    let packed = gzip(&Header::default().counting());
    let folder = Folder::new();
    for keep in 0..packed.len() {
        let error = folder
            .read("x.nii.gz", &packed[..keep])
            .expect_err("a file without its end was read");
        let allowed = [Code::Truncated, Code::Format];
        assert!(allowed.contains(&error.code), "{keep}: {error}");
    }
    let error = folder.refused("x.nii.gz", &packed[..packed.len() - 3], Code::Truncated);
    assert!(error.found.contains("the checksum behind them"), "{error}");
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut packed = gzip(&Header::default().counting());
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    Folder::new().refused("x.nii.gz", &packed, Code::Corrupt);
    // Also when the stream way reads it: the size in the last bytes is wrong as well.
    let size = packed.len() - 4;
    packed[size] ^= 1;
    Folder::new().refused("x.nii.gz", &packed, Code::Corrupt);
}

#[test]
fn damaged_gzip_data_are_refused() {
    let packed = gzip(&Header::default().counting());
    let folder = Folder::new();
    for at in (12..packed.len() - 8).step_by(7) {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x5a;
        let error = folder
            .read("x.nii.gz", &damaged)
            .expect_err("damaged data passed the checksum");
        let allowed = [
            Code::Corrupt,
            Code::Truncated,
            Code::Header,
            Code::Datatype,
            Code::TooLarge,
            Code::Ndim,
        ];
        assert!(allowed.contains(&error.code), "{at}: {error}");
    }
}

#[test]
fn members_joined_are_all_read() {
    let whole = Header::default().counting();
    for cuts in [
        vec![100],
        vec![348],
        vec![352],
        vec![700, 1500],
        (1..30).map(|i| 90 * i).collect(),
    ] {
        let mut joined = Vec::new();
        let mut from = 0;
        for &cut in &cuts {
            joined.extend(gzip(&whole[from..cut]));
            from = cut;
        }
        joined.extend(gzip(&whole[from..]));
        assert_eq!(read_whole("x.nii.gz", &joined), [], "{cuts:?}");
    }
    // An empty member in between holds nothing and ends nothing.
    let joined = [gzip(&whole[..400]), gzip(b""), gzip(&whole[400..])].concat();
    assert_eq!(read_whole("x.nii.gz", &joined), []);
    // The checksum of the last member counts.
    let mut joined = [gzip(&whole[..400]), gzip(&whole[400..])].concat();
    let crc = joined.len() - 8;
    joined[crc] ^= 1;
    Folder::new().refused("x.nii.gz", &joined, Code::Corrupt);
}

#[test]
fn a_thread_alone_reads_what_all_read() {
    let header = Header {
        dim: [3, 128, 128, 10, 1, 1, 1, 1],
        ..Header::default()
    };
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let noise =
        successors(Some(1_u32), next).flat_map(|state| (state >> 22).to_le_bytes()[..2].to_vec());
    let whole = header.file(&noise.take(128 * 128 * 10 * 2).collect::<Vec<_>>());
    let packed = gzip(&whole);
    // Several windows.
    assert!(packed.len() > 200_000, "{}", packed.len());
    let mut files = vec![
        packed.clone(),
        [&packed[..], b"behind"].concat(),
        [gzip(&whole[..100_000]), gzip(&whole[100_000..])].concat(),
        gzip(&whole[..whole.len() - 2]),
        gzip(&[&whole[..], &[1, 2]].concat()),
    ];
    files.extend([1, 8, 20_000, 150_000].map(|cut| packed[..packed.len() - cut].to_vec()));
    for damaged in [11, 1000, 140_000, packed.len() - 3, packed.len() - 7] {
        let mut file = packed.clone();
        file[damaged] ^= 0x10;
        files.push(file);
    }
    for (number, file) in files.iter().enumerate() {
        let folder = Folder::new();
        let path = folder.put("x.nii.gz", file);
        let [shared, alone] = [Unpacking::Shared, Unpacking::Alone].map(|unpacking| {
            let options = ReadOptions {
                unpacking,
                ..ReadOptions::default()
            };
            read_volume(&path, &options).map_err(|error| error.to_string())
        });
        assert_eq!(shared.is_ok(), [0, 1, 2, 4].contains(&number), "{number}");
        let print = |read: &Result<ReadVolume, String>| read.clone().ok()?.fingerprint;
        assert_eq!(print(&shared).is_some(), number == 0, "{number}");
        assert!(shared == alone, "{number}");
    }
}

#[test]
fn data_behind_the_volume_are_passed_over() {
    let mut longer = Header::default().counting();
    longer.extend([7; 100]);
    assert_eq!(read_whole("x.nii", &longer), [W::Trailing]);
    assert_eq!(read_whole("x.nii.gz", &gzip(&longer)), [W::Trailing]);
    let packed = gzip(&Header::default().counting());
    for garbage in [&[0_u8; 64][..], b"\x1f", b"\x1f\x8bno member", b"text"] {
        let bytes = [&packed, garbage].concat();
        assert_eq!(read_whole("x.nii.gz", &bytes), [W::Trailing], "{garbage:?}");
    }
    let two = [packed.clone(), gzip(&[1; 5000])].concat();
    assert_eq!(read_whole("x.nii.gz", &two), [W::Trailing]);
}

#[test]
fn a_bomb_behind_the_volume_is_not_unpacked() {
    // Zeros, a thousand to one. Their damage shows that they are not unpacked: only 1 MiB is looked at.
    let mut bomb = Header::default().counting();
    bomb.resize(32 << 20, 0);
    let mut packed = gzip(&bomb);
    let late = packed.len() * 3 / 4;
    packed[late] ^= 0xff;
    let options = ReadOptions {
        budget: ByteBudget(1 << 20),
        volume: None,
        ..ReadOptions::default()
    };
    let folder = Folder::new();
    let path = folder.put("x.nii.gz", &packed);
    let read = read_volume(&path, &options).unwrap();
    assert_eq!(codes(&read.warnings), [W::Trailing]);
    assert_eq!(sum(read.volume.voxels()), SUM);
}

#[test]
fn a_bomb_of_declared_size_is_refused_and_an_empty_mask_is_not() {
    let mut header = Header::default().edition(Edition::Two);
    header.dim = [3, 30_000, 30_000, 30_000, 1, 1, 1, 1];
    Folder::new().refused(
        "x.nii.gz",
        &gzip(&header.file(&vec![0; 1 << 20])),
        Code::TooLarge,
    );
    // Compressed a thousand to one, and right.
    let empty = Header {
        dim: [3, 256, 256, 64, 1, 1, 1, 1],
        ..Header::default()
    };
    let packed = gzip(&empty.file(&vec![0; 256 * 256 * 64 * 2]));
    assert!(packed.len() < 256 * 256 * 64 * 2 / 500);
    assert!(Folder::new().read("x.nii.gz", &packed).is_ok());
}

#[test]
fn content_decides_and_a_wrong_name_is_doubted() {
    let single = Header::default().counting();
    assert_eq!(read_whole("x.nii", &single), []);
    assert_eq!(read_whole("X.NII.GZ", &gzip(&single)), []);
    assert_eq!(read_whole("x.nii.gz", &single), [W::Extension]);
    assert_eq!(read_whole("x.nii", &gzip(&single)), [W::Extension]);
    assert_eq!(read_whole("x.hdr", &single), [W::Extension]);
    assert_eq!(read_whole("image", &single), [W::Extension]);
    assert_eq!(read_whole("image.dat", &gzip(&single)), [W::Extension]);
    Folder::new().refused("x.nii.gz", &gzip(&gzip(&single)), Code::Header);
}

fn read(path: &std::path::Path) -> Result<(i64, Vec<W>), ToolError> {
    let read = read_volume(path, &ReadOptions::default())?;
    Ok((sum(read.volume.voxels()), codes(&read.warnings)))
}

#[test]
fn a_pair_is_read_from_either_part() {
    let folder = Folder::new();
    let header = Header::default().of_pair();
    let voxels = counting(1320, header.order);
    let hdr = folder.put("a.b.hdr", &header.bytes()[..348]);
    let error = read(&hdr).unwrap_err();
    assert_eq!(error.code, Code::NotFound);
    assert!(error.expected.contains("a.b.img"), "{error}");
    let img = folder.put("a.b.img", &voxels);
    assert_eq!(read(&hdr).unwrap(), (SUM, vec![]));
    assert_eq!(read(&img).unwrap(), (SUM, vec![]));
    // Parts compressed on their own.
    let hdr = folder.put("c.hdr", &header.bytes());
    let img = folder.put("c.img.gz", &gzip(&voxels));
    assert_eq!(read(&hdr).unwrap().0, SUM);
    assert_eq!(read(&img).unwrap().0, SUM);
    // Cut off: the file named is the one that is short.
    let hdr = folder.put("d.hdr", &header.bytes());
    let img = folder.put("d.img", &voxels[..99]);
    let error = read(&hdr).unwrap_err();
    assert_eq!(error.code, Code::Truncated);
    assert_eq!(error.file, Some(img));
    // Voxels without a header.
    let img = folder.put("e.img", &voxels);
    assert!(read(&img).is_err());
}

#[test]
fn missing_and_special_files_are_refused() {
    let folder = Folder::new();
    let code = |path: &std::path::Path| read(path).unwrap_err().code;
    assert_eq!(code(&folder.path().join("none.nii.gz")), Code::NotFound);
    assert_eq!(code(folder.path()), Code::NotRegular);
    let file = folder.put("file", b"");
    assert_eq!(code(&file.join("x.nii")), Code::NotFound);
}

#[cfg(unix)]
#[test]
fn pipes_devices_loops_and_links_out_are_refused() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    let place = |name: &str| folder.path().join(name);
    let code = |name: &str| read(&place(name)).unwrap_err().code;

    let made = std::process::Command::new("mkfifo")
        .arg(place("pipe.nii"))
        .status();
    assert!(made.unwrap().success());
    assert_eq!(code("pipe.nii"), Code::NotRegular);
    symlink("/dev/zero", place("zero.nii")).unwrap();
    assert_eq!(code("zero.nii"), Code::NotRegular);
    symlink(place("b.nii"), place("a.nii")).unwrap();
    symlink(place("a.nii"), place("b.nii")).unwrap();
    assert_eq!(code("a.nii"), Code::NotFound);
    symlink(place("nothing"), place("dangling.nii")).unwrap();
    assert_eq!(code("dangling.nii"), Code::NotFound);

    // A link to an image is an image; voxels that a header pulls in from elsewhere are not.
    let outside = Folder::new();
    let image = outside.put("x.nii", &Header::default().counting());
    symlink(image, place("link.nii")).unwrap();
    assert_eq!(read(&place("link.nii")).unwrap().0, SUM);
    let header = Header::default().of_pair();
    let voxels = outside.put("secret", &counting(1320, header.order));
    folder.put("p.hdr", &header.bytes());
    symlink(voxels, place("p.img")).unwrap();
    assert_eq!(code("p.hdr"), Code::Path);
    symlink("/dev/zero", place("q.img")).unwrap();
    folder.put("q.hdr", &header.bytes());
    assert_eq!(code("q.hdr"), Code::Path);
    // Within the folder a link leads nowhere else.
    folder.put("r.data", &counting(1320, header.order));
    folder.put("r.hdr", &header.bytes());
    symlink(place("r.data"), place("r.img")).unwrap();
    assert_eq!(read(&place("r.hdr")).unwrap().0, SUM);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_utf8_are_read_and_shown_safely() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = Folder::new();
    let path = folder
        .path()
        .join(OsStr::from_bytes(b"bild \xff \x1b[31m\n.nii"));
    std::fs::write(&path, Header::default().counting()).unwrap();
    assert_eq!(read(&path).unwrap().0, SUM);
    std::fs::write(&path, &Header::default().counting()[..400]).unwrap();
    let text = read(&path).unwrap_err().to_string();
    assert!(text.contains("bild \u{fffd} \\u{1b}[31m\\n.nii"), "{text}");
    assert!(!text.contains(['\n', '\u{1b}']));
}
