//! How texture matrices of slices and directions become one value (IBSI chapter 3.6 ff.).
//!
//! Matrices that are counted along directions (GLCM, GLRLM) know six ways:
//!
//! ```text
//!              per slice                          slices together                 volume
//! averaged     2D:avg   mean over all matrices    2.5D:dmrg one per direction     3D:avg  mean over directions
//! merged       2D:mrg   one matrix per slice      2.5D:vmrg one matrix            3D:mrg  one matrix
//! ```
//!
//! Matrices without directions (GLSZM, GLDZM, NGTDM, NGLDM) know three: 2D, 2.5D and 3D.

/// One of the standard's aggregations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aggregation {
    /// 2D:avg, BTW3: a matrix for each slice and direction, mean of the features.
    SliceAveraged,
    /// 2D:mrg, SUJT: a matrix for each slice, directions merged, mean of the features.
    SliceMerged,
    /// 2.5D:dmrg, JJUI: a matrix for each direction, slices merged, mean of the features.
    DirectionMerged,
    /// 2.5D:vmrg, ZW7Z: one matrix of all slices and in-plane directions.
    SlicesAndDirectionsMerged,
    /// 3D:avg, ITBB: a matrix for each of the 13 directions, mean of the features.
    VolumeAveraged,
    /// 3D:mrg, IAZD: one matrix of all 13 directions.
    VolumeMerged,
    /// 2D, 8QNN: a matrix for each slice, mean of the features.
    Slices,
    /// 2.5D, 62GR: one matrix, slices merged.
    SlicesMerged,
    /// 3D, KOBO: one matrix of the volume.
    Volume,
}

impl Aggregation {
    /// All of them, in the standard's order.
    pub const ALL: [Self; 9] = [
        Self::SliceAveraged,
        Self::SliceMerged,
        Self::DirectionMerged,
        Self::SlicesAndDirectionsMerged,
        Self::VolumeAveraged,
        Self::VolumeMerged,
        Self::Slices,
        Self::SlicesMerged,
        Self::Volume,
    ];

    /// The standard's short name: `3D:avg`.
    pub fn ibsi_name(self) -> &'static str {
        match self {
            Self::SliceAveraged => "2D:avg",
            Self::SliceMerged => "2D:mrg",
            Self::DirectionMerged => "2.5D:dmrg",
            Self::SlicesAndDirectionsMerged => "2.5D:vmrg",
            Self::VolumeAveraged => "3D:avg",
            Self::VolumeMerged => "3D:mrg",
            Self::Slices => "2D",
            Self::SlicesMerged => "2.5D",
            Self::Volume => "3D",
        }
    }

    /// The standard's identifier.
    pub fn ibsi_id(self) -> &'static str {
        match self {
            Self::SliceAveraged => "BTW3",
            Self::SliceMerged => "SUJT",
            Self::DirectionMerged => "JJUI",
            Self::SlicesAndDirectionsMerged => "ZW7Z",
            Self::VolumeAveraged => "ITBB",
            Self::VolumeMerged => "IAZD",
            Self::Slices => "8QNN",
            Self::SlicesMerged => "62GR",
            Self::Volume => "KOBO",
        }
    }

    /// What columns are called: `3d_avg`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::SliceAveraged => "2d_avg",
            Self::SliceMerged => "2d_mrg",
            Self::DirectionMerged => "2_5d_dmrg",
            Self::SlicesAndDirectionsMerged => "2_5d_vmrg",
            Self::VolumeAveraged => "3d_avg",
            Self::VolumeMerged => "3d_mrg",
            Self::Slices => "2d",
            Self::SlicesMerged => "2_5d",
            Self::Volume => "3d",
        }
    }

    /// Whether matrices are counted along directions.
    pub fn has_directions(self) -> bool {
        !matches!(self, Self::Slices | Self::SlicesMerged | Self::Volume)
    }

    /// The way of matrices without directions that goes with this one.
    #[must_use]
    pub fn without_directions(self) -> Self {
        match self {
            Self::SliceAveraged | Self::SliceMerged | Self::Slices => Self::Slices,
            Self::DirectionMerged | Self::SlicesAndDirectionsMerged | Self::SlicesMerged => {
                Self::SlicesMerged
            }
            Self::VolumeAveraged | Self::VolumeMerged | Self::Volume => Self::Volume,
        }
    }
}
