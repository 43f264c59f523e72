//! Which column of a manifest means what.
//!
//! PyRadiomics' names come first, then the ones data sets use. Case, blanks, `_` and `-` do not matter.

/// What a column says about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Image,
    Mask,
    Id,
    Patient,
    Sequence,
    Target,
    MaskLabel,
    LabelChannel,
    Split,
    Fold,
    Site,
    Series,
    Volume,
    SpacingX,
    SpacingY,
    SpacingZ,
}

/// A role, its name in messages, and the column names that mean it, best first, in normal form.
pub(super) const ROLES: &[(Role, &str, &[&str])] = &[
    (
        Role::Image,
        "image",
        &["image", "imagepath", "imagefile", "img"],
    ),
    (
        Role::Mask,
        "mask",
        &["mask", "maskpath", "maskfile", "segmentation", "seg"],
    ),
    (Role::Id, "case id", &["id", "caseid", "case"]),
    (
        Role::Patient,
        "patient",
        &["patientid", "patient", "subjectid", "subject"],
    ),
    (
        Role::Sequence,
        "sequence",
        &["sequence", "modality", "contrast"],
    ),
    (
        Role::Target,
        "class",
        &["target", "class", "diagnosis", "stage", "outcome"],
    ),
    (Role::LabelChannel, "mask channel", &["labelchannel"]),
    (Role::Split, "published part", &["split", "part", "subset"]),
    (Role::Fold, "fold", &["fold"]),
    (
        Role::Series,
        "DICOM series",
        &["seriesuid", "seriesinstanceuid"],
    ),
    (Role::Volume, "volume", &["volumeindex"]),
    (Role::SpacingX, "voxel size along x", &["spacingx"]),
    (Role::SpacingY, "voxel size along y", &["spacingy"]),
    (Role::SpacingZ, "voxel size along z", &["spacingz"]),
    (
        Role::Site,
        "site",
        &["site", "center", "centre", "institution"],
    ),
];

/// The column that means the mask's label value or the class, depending on what stands in it.
pub(super) const LABEL: &str = "label";

/// Which role each column has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// Per column.
    pub(super) roles: Vec<Option<Role>>,
    /// Column headers as written.
    pub(super) headers: Vec<String>,
}

impl Columns {
    /// Gives every header its role; `label_is_text` decides what a column `label` means.
    pub(super) fn assign(headers: &[String], label_is_text: bool) -> Self {
        let normal: Vec<String> = headers.iter().map(|h| normal_form(h)).collect();
        let mut roles = vec![None; headers.len()];
        for (role, _, names) in ROLES {
            let best = names
                .iter()
                .find_map(|name| normal.iter().position(|header| header == name));
            if let Some(slot) = best.and_then(|column| roles.get_mut(column)) {
                *slot = Some(*role);
            }
        }
        let has_target = roles.contains(&Some(Role::Target));
        if let Some(column) = normal.iter().position(|header| header == LABEL) {
            let role = if label_is_text && !has_target {
                Role::Target
            } else {
                Role::MaskLabel
            };
            if let Some(slot) = roles.get_mut(column) {
                *slot = Some(role);
            }
        }
        Self {
            roles,
            headers: headers.to_vec(),
        }
    }

    /// The column of a role.
    pub(super) fn of(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|r| *r == Some(role))
    }

    /// The header of a role's column, as written.
    pub(super) fn header(&self, role: Role) -> Option<&str> {
        self.of(role)
            .and_then(|column| self.headers.get(column))
            .map(String::as_str)
    }

    /// `image: column 'Image'`, for every role that was found.
    pub(super) fn notes(&self) -> Vec<String> {
        ROLES
            .iter()
            .map(|(role, name, _)| (*role, *name))
            .chain([(Role::MaskLabel, "label value in the mask")])
            .filter_map(|(role, name)| {
                let header = self.header(role)?;
                Some(format!("{name}: column '{header}'"))
            })
            .collect()
    }
}

/// Lower-case letters and digits only.
pub(super) fn normal_form(header: &str) -> String {
    header
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
