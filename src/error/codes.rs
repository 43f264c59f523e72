//! The causes of failures and doubts, and the exit status that follows.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! codes {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as it is printed and written to files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The code of a text as it is printed.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|code| code.as_str() == text).copied()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_text(&text).ok_or_else(|| D::Error::custom(format!("unknown code '{text}'")))
            }
        }
    };
}

codes! {
    /// The cause of a failure.
    Code {
        /// A matrix would need more grey levels than the limit.
        Bins => "E_BINS",
        /// Compressed or structured bytes that contradict themselves.
        Corrupt => "E_CORRUPT",
        /// A number type that is no real number, or none at all.
        Datatype => "E_DATATYPE",
        /// Not a file format the tool reads.
        Format => "E_FORMAT",
        /// Image and mask do not lie on one grid.
        Geometry => "E_GEOMETRY",
        /// A header field with an impossible value.
        Header => "E_HEADER",
        /// A file of a finished run that is no longer what the run wrote.
        Changed => "E_CHANGED",
        /// A bug of the tool.
        Internal => "E_INTERNAL",
        /// Stopped by the user.
        Interrupted => "E_INTERRUPTED",
        /// The mask lacks the label asked for, or has several and none was asked for.
        Label => "E_LABEL",
        /// The manifest cannot be used.
        Manifest => "E_MANIFEST",
        /// The mask has no voxel.
        MaskEmpty => "E_MASK_EMPTY",
        /// The mask's values are no whole numbers.
        MaskValues => "E_MASK_VALUES",
        /// A model file that cannot be trusted.
        Model => "E_MODEL",
        /// More or fewer dimensions than a volume has.
        Ndim => "E_NDIM",
        /// Values that are NaN or infinite where numbers are needed.
        Nonfinite => "E_NONFINITE",
        /// No such file.
        NotFound => "E_NOT_FOUND",
        /// A folder, pipe or device in place of a file.
        NotRegular => "E_NOT_REGULAR",
        /// The output could not be written.
        Output => "E_OUTPUT",
        /// The output is being written by another process: nothing was begun.
        OutputTaken => "E_OUTPUT",
        /// A path that leaves the folder it must stay in.
        Path => "E_PATH",
        /// The operating system refused or failed to read.
        Read => "E_READ",
        /// A region of interest with too few voxels.
        RoiSmall => "E_ROI_SMALL",
        /// DICOM slices that make no volume, or of several series.
        Series => "E_SERIES",
        /// A setting that does not exist or has an impossible value.
        Settings => "E_SETTINGS",
        /// A split that cannot be made or must not be used.
        Split => "E_SPLIT",
        /// More memory than allowed.
        TooLarge => "E_TOO_LARGE",
        /// DICOM pixels packed in a way that is not unpacked.
        TransferSyntax => "E_TRANSFER_SYNTAX",
        /// A file that ends too early.
        Truncated => "E_TRUNCATED",
        /// A command line that does not fit together.
        Usage => "E_USAGE",
    }
}

codes! {
    /// The cause of a doubt.
    WarningCode {
        /// All values of the region are equal, or fall into one bin.
        Constant => "W_CONSTANT",
        /// A feature column that a learner does not see.
        Column => "W_COLUMN",
        /// A text cell that a spreadsheet would run as a formula.
        CsvCell => "W_CSV_CELL",
        /// The file's name promises another content.
        Extension => "W_EXTENSION",
        /// Image and mask differ slightly, or the mask was brought into the image's order.
        Geometry => "W_GEOMETRY",
        /// A filtered image that could not be made, or on which the region is flat.
        Filter => "W_FILTER",
        /// A header field that contradicts another one and was not needed.
        Header => "W_HEADER",
        /// A column that gives the answer away.
        Leak => "W_LEAK",
        /// Few grey levels: the bin width does not suit the intensities.
        Levels => "W_LEVELS",
        /// Something in the manifest that was passed over.
        Manifest => "W_MANIFEST",
        /// Mask values were rounded to whole labels.
        MaskRounded => "W_MASK_ROUNDED",
        /// NaN or infinite values outside the region, or dropped by choice.
        Nonfinite => "W_NONFINITE",
        /// The orientation in the header is incomplete, contradictory or sheared.
        Orientation => "W_ORIENTATION",
        /// A region of a mask that cannot be measured beside others that can.
        Region => "W_REGION",
        /// The region covers one slice only.
        RoiFlat => "W_ROI_FLAT",
        /// The region has several parts.
        RoiParts => "W_ROI_PARTS",
        /// A part of the split lacks a class, or somebody stands in no part.
        Split => "W_SPLIT",
        /// DICOM slices that are there twice, or not quite evenly apart.
        Series => "W_SERIES",
        /// A setting that has no effect.
        Settings => "W_SETTINGS",
        /// The header's scaling could not be used.
        Scale => "W_SCALE",
        /// Slices far apart, measured in 3D.
        Thick => "W_THICK",
        /// Bytes behind the last voxel.
        Trailing => "W_TRAILING",
        /// Lengths were not in millimetres.
        Units => "W_UNITS",
    }
}

/// Exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All done; warnings are allowed.
    Done = 0,
    /// Some cases failed, the rest is written.
    SomeFailed = 1,
    /// Usage, settings or manifest are wrong; nothing was begun.
    Usage = 2,
    /// No case succeeded.
    AllFailed = 3,
    /// The output could not be written.
    Output = 4,
    /// A bug of the tool.
    Internal = 5,
    /// Stopped by the user, state saved.
    Interrupted = 130,
}

impl Exit {
    /// The number handed to the operating system.
    pub fn status(self) -> u8 {
        self as u8
    }
}

impl Code {
    /// Exit status when this failure ends the program. Failures of single cases are counted instead.
    pub fn exit(self) -> Exit {
        match self {
            Self::Output => Exit::Output,
            Self::Internal => Exit::Internal,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Usage,
        }
    }
}
