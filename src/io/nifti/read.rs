//! A NIfTI file as a [`Volume`] in its stored number type.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use raduet_features::Volume;

use super::datatype;
use super::decode;
use super::fields::{self, Fields, HEADER_2, Layout};
use super::gzip::{self, Delivered, Wanted};
use super::header::{self, Header};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::detached::in_own_folder;
use crate::io::open::{RegularFile, open_regular, read_error};
use crate::io::room::zeroed;
use crate::io::voxel_bytes::Number;
use crate::io::{ReadOptions, ReadVolume, Survey, Unpacking, of_file};

/// Reads `.nii`, `.nii.gz` or the pair `.hdr`/`.img` (either part given, either part compressed). The
/// content decides, not the name.
///
/// # Errors
/// The codes of the module head of [`crate::io`], always with the file.
pub fn read_nifti(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    of_file(path, || {
        let mut warnings = Vec::new();
        let (volume, fingerprint) = read(path, options, &mut warnings)?;
        Ok(ReadVolume {
            fingerprint,
            ..ReadVolume::new(volume, warnings)
        })
    })
}

/// What the header says, and whether the file is long enough for it; none for files that do not begin like
/// NIfTI. Of a packed file only the length in its last four bytes is held against the header.
///
/// # Errors
/// Those of the header; `E_TRUNCATED` for a file that is too short and not packed.
pub(crate) fn survey(path: &Path, options: &ReadOptions) -> Result<Option<Survey>> {
    let header_path = header_of(path);
    let looked = || -> Result<Option<Survey>> {
        let source = Source::open(&header_path)?;
        let head = source.head(HEADER_2)?;
        if !fields::begins_like_nifti(&head) {
            return Ok(None);
        }
        let fields = fields::read(&head)?;
        let mut warnings = Vec::new();
        let header = header::judge(&fields, options.volume, options.budget, &mut warnings)?;
        warn_extension(path, source.packed, fields.layout, &mut warnings);
        let data = match fields.layout {
            Layout::Single => source,
            Layout::Pair => Source::open(&detached(&header_path)?)?,
        };
        data.hold_length(&header, &mut warnings)?;
        Ok(Some(Survey {
            grid: header.grid,
            numbers: datatype::name(header.kind),
            warnings: warnings.into_iter().map(|w| w.file(path)).collect(),
        }))
    };
    looked().map_err(|error| error.file(path))
}

/// The file, or both files of a pair, the header first.
pub(crate) fn files_of(path: &Path, _: &ReadOptions) -> Vec<PathBuf> {
    let header = header_of(path);
    let layout =
        || -> Result<Layout> { Ok(fields::read(&Source::open(&header)?.head(HEADER_2)?)?.layout) };
    let mut files = vec![header.clone()];
    // Of a header that cannot be read nobody knows.
    if !matches!(layout(), Ok(Layout::Single)) {
        files.extend(detached(&header));
    }
    files
}

/// Whether the first bytes of a file look like NIfTI, packed or not.
pub(crate) fn recognise(head: &[u8]) -> bool {
    gzip::begins_like_gzip(head) || fields::begins_like_nifti(head)
}

/// The volume, and the fingerprint of its file where that is one and was read as a whole.
fn read(
    path: &Path,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<(Volume, Option<String>)> {
    let header_path = header_of(path);
    let source = Source {
        unpacking: options.unpacking,
        ..Source::open(&header_path)?
    };
    let fields = fields::read(&source.head(HEADER_2)?).map_err(|e| e.file(&header_path))?;
    let header = header::judge(&fields, options.volume, options.budget, warnings)
        .map_err(|error| error.file(&header_path))?;
    match fields.layout {
        Layout::Single => {
            warn_extension(path, source.packed, Layout::Single, warnings);
            let volume = decode::volume(&source, &header, &fields, warnings)?;
            Ok((volume, source.fingerprint.into_inner()))
        }
        Layout::Pair => {
            warn_extension(path, source.packed, Layout::Pair, warnings);
            let data = Source {
                unpacking: options.unpacking,
                ..Source::open(&detached(&header_path)?)?
            };
            decode::volume(&data, &header, &fields, warnings)
                .map(|volume| (volume, None))
                .map_err(|error| error.file(&data.path))
        }
    }
}

/// An open file, unpacked on the way where it is compressed.
pub(super) struct Source {
    path: PathBuf,
    file: RegularFile,
    packed: bool,
    unpacking: Unpacking,
    /// The file's, once it has been read as a whole.
    fingerprint: RefCell<Option<String>>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = open_regular(path)?;
        let mut magic = Vec::new();
        (&file.file)
            .take(2)
            .read_to_end(&mut magic)
            .map_err(|error| read_error(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            packed: gzip::begins_like_gzip(&magic),
            unpacking: Unpacking::default(),
            fingerprint: RefCell::default(),
        })
    }

    pub(super) fn is_packed(&self) -> bool {
        self.packed
    }

    pub(super) fn file(&self) -> (&RegularFile, &Path) {
        (&self.file, &self.path)
    }

    /// The first bytes, fewer where the file is shorter.
    pub(super) fn head(&self, limit: usize) -> Result<Vec<u8>> {
        if self.packed {
            return gzip::head(&self.file, &self.path, limit);
        }
        let mut bytes = Vec::new();
        self.seek(0)?
            .take(limit as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| read_error(&self.path, &error))?;
        Ok(bytes)
    }

    /// The numbers of the wanted volume.
    pub(super) fn voxels<T: Number>(
        &self,
        header: &Header,
        fields: &Fields,
        warnings: &mut Vec<Warning>,
    ) -> Result<Delivered<T>> {
        let wanted = Wanted {
            start: header.start,
            len: usize::try_from(header.volume_bytes).unwrap_or(usize::MAX),
            end: header.end,
            what: header.describe(),
        };
        let mut delivered = if self.packed {
            gzip::read(&self.file, &self.path, &wanted, self.unpacking)?
        } else {
            self.plain(&wanted, header, fields)?
        };
        self.fingerprint.replace(delivered.fingerprint.take());
        if delivered.trailing {
            warnings.push(Warning::new(
                WarningCode::Trailing,
                format!(
                    "more data behind the {} bytes that the header declares",
                    header.end
                ),
                "they are passed over",
            ));
        }
        Ok(delivered)
    }

    fn plain<T: Number>(
        &self,
        wanted: &Wanted,
        header: &Header,
        fields: &Fields,
    ) -> Result<Delivered<T>> {
        let len = self.file.len;
        let first = header.end.saturating_sub(header.data_bytes);
        if len < first && first > header.edition.least_offset() {
            return Err(
                fields::header_error(format!("vox_offset = {}", fields.vox_offset))
                    .expected(format!("a place within the file's {len} bytes")),
            );
        }
        let needed = wanted.start.saturating_add(wanted.len as u64);
        if len < needed {
            return Err(wanted.truncated(len));
        }
        let mut stored = zeroed::<T>(wanted.len / size_of::<T>())?;
        let mut file = self.seek(wanted.start)?;
        match file.read_exact(bytemuck::cast_slice_mut(&mut stored)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // The file shrank while it was read.
                let len = file.metadata().map_or(0, |about| about.len());
                return Err(wanted.truncated(len));
            }
            Err(error) => return Err(read_error(&self.path, &error)),
        }
        Ok(Delivered {
            stored,
            from: 0,
            trailing: len > wanted.end,
            fingerprint: None,
        })
    }

    /// Holds the file's length against what its header declares, without unpacking.
    fn hold_length(&self, header: &Header, warnings: &mut Vec<Warning>) -> Result<()> {
        let declared = header.end;
        if !self.packed {
            if self.file.len < declared {
                let have = self.file.len.saturating_sub(header.start);
                let found = format!(
                    "{have} of {} voxel bytes ({})",
                    header.volume_bytes,
                    header.describe()
                );
                return Err(ToolError::new(Code::Truncated, found)
                    .file(&self.path)
                    .remedy("the file is cut off: copy it again"));
            }
            return Ok(());
        }
        let mut last = Vec::new();
        self.seek(self.file.len.saturating_sub(4))?
            .take(4)
            .read_to_end(&mut last)
            .map_err(|error| read_error(&self.path, &error))?;
        let told = last.first_chunk::<4>().map(|b| u32::from_le_bytes(*b));
        // A member tells its length modulo 2^32; of several members it is the last one's only.
        if told.map(u64::from) != Some(declared & u64::from(u32::MAX)) {
            warnings.push(Warning::new(
                WarningCode::Trailing,
                format!(
                    "the end of the packed file does not tell the {declared} bytes of its header"
                ),
                "cut off, longer or in several members: look with --voxels",
            ));
        }
        Ok(())
    }

    fn seek(&self, start: u64) -> Result<&fs::File> {
        let mut file = &self.file.file;
        file.seek(SeekFrom::Start(start))
            .map_err(|error| read_error(&self.path, &error))?;
        Ok(file)
    }
}

/// `.hdr`, `.img`, `.nii`, each with or without `.gz`; lower case, without the dot.
pub(super) fn extension(path: &Path) -> (Option<String>, bool) {
    let lower = |e: &OsStr| e.to_string_lossy().to_ascii_lowercase();
    match path.extension().map(lower) {
        Some(e) if e == "gz" => {
            let inner = path.file_stem().map(Path::new).and_then(Path::extension);
            (inner.map(lower), true)
        }
        other => (other, false),
    }
}

/// The file with the header: for `x.img` that is `x.hdr` or `x.hdr.gz` beside it.
fn header_of(path: &Path) -> PathBuf {
    if extension(path).0.as_deref() != Some("img") {
        return path.to_owned();
    }
    partner(path, &["hdr", "hdr.gz", "HDR"]).unwrap_or_else(|| path.to_owned())
}

/// The file with the voxels of a header, in the header's own folder and nowhere else: a link out of it
/// would let a file from outside choose what is read.
fn detached(header: &Path) -> Result<PathBuf> {
    let stem = stem(header);
    let data = partner(header, &["img", "img.gz", "IMG"]).ok_or_else(|| {
        ToolError::new(Code::NotFound, "the file with the voxels is missing")
            .file(header)
            .expected(format!("{}.img or {0}.img.gz beside it", stem.display()))
            .remedy("copy both files of the pair")
    })?;
    in_own_folder(header, &data)?;
    Ok(data)
}

/// The path without `.gz` and the extension before it.
fn stem(path: &Path) -> PathBuf {
    let mut stem = path.to_owned();
    if extension(path).1 {
        stem.set_extension("");
    }
    stem.set_extension("");
    stem
}

/// The first of `stem.<extension>` that exists.
fn partner(path: &Path, extensions: &[&str]) -> Option<PathBuf> {
    let stem = stem(path);
    extensions
        .iter()
        .map(|extension| {
            let mut name = stem.clone().into_os_string();
            name.push(".");
            name.push(extension);
            PathBuf::from(name)
        })
        .find(|candidate| fs::symlink_metadata(candidate).is_ok())
}

/// A name that promises another content than the file has.
fn warn_extension(path: &Path, packed: bool, layout: Layout, warnings: &mut Vec<Warning>) {
    let (kind, gz) = extension(path);
    let fits_layout = match layout {
        Layout::Single => kind.as_deref() == Some("nii"),
        Layout::Pair => matches!(kind.as_deref(), Some("hdr" | "img")),
    };
    // In a pair the part that was not given may be compressed on its own.
    let fits_packing = gz == packed || layout == Layout::Pair && kind.as_deref() == Some("img");
    if fits_layout && fits_packing {
        return;
    }
    let content = match (layout, packed) {
        (Layout::Single, false) => "a NIfTI file, not compressed",
        (Layout::Single, true) => "a compressed NIfTI file",
        (Layout::Pair, false) => "the header of a NIfTI pair, not compressed",
        (Layout::Pair, true) => "the compressed header of a NIfTI pair",
    };
    warnings.push(Warning::new(
        WarningCode::Extension,
        format!("the content is {content}, the name says otherwise"),
        "read by content",
    ));
}
