//! What a feature is: names, IBSI id, unit, definition.

use crate::profile::Profile;

/// Everything that is known about a feature but its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureSpec {
    /// Our name, `family_feature` in lower case; the column of the `ibsi` profile.
    pub name: &'static str,
    /// `class_Feature` as PyRadiomics writes it behind the name of the image; none for features that
    /// PyRadiomics does not compute.
    pub pyradiomics_name: Option<&'static str>,
    /// Permanent IBSI identifier, where the definition is that of the standard.
    pub ibsi_id: Option<&'static str>,
    /// Unit; `1` for pure numbers, `intensity` for the unit of the image, `level` for grey levels.
    pub unit: &'static str,
    /// The formula in one line, in the symbols of the family's module.
    pub definition: &'static str,
    /// When the value is undefined and the cell stays empty; none when it always has one.
    pub undefined_when: Option<&'static str>,
}

/// A row of a family's table: the spec and the function stand together, so that they cannot drift
/// apart. `T` is what the family reads its numbers from.
pub(crate) struct Feature<T> {
    pub(crate) spec: FeatureSpec,
    pub(crate) value: fn(&T) -> f64,
}

impl<T> Feature<T> {
    pub(crate) const fn new(
        name: &'static str,
        pyradiomics_name: Option<&'static str>,
        ibsi_id: Option<&'static str>,
        unit: &'static str,
        definition: &'static str,
        value: fn(&T) -> f64,
    ) -> Self {
        let spec = FeatureSpec {
            name,
            pyradiomics_name,
            ibsi_id,
            unit,
            definition,
            undefined_when: None,
        };
        Self { spec, value }
    }

    /// Says when the value is undefined (NaN).
    pub(crate) const fn undefined_when(mut self, reason: &'static str) -> Self {
        self.spec.undefined_when = Some(reason);
        self
    }
}

/// The rows of a table that belong to a profile, in the table's order.
pub(crate) fn rows_of<T>(
    table: &'static [Feature<T>],
    profile: Profile,
) -> impl Iterator<Item = &'static Feature<T>> {
    table.iter().filter(move |row| match profile {
        Profile::PyRadiomics => row.spec.pyradiomics_name.is_some(),
        Profile::Ibsi => row.spec.ibsi_id.is_some(),
    })
}

/// The specs of those rows.
pub(crate) fn specs_of<T>(
    table: &'static [Feature<T>],
    profile: Profile,
) -> Vec<&'static FeatureSpec> {
    rows_of(table, profile).map(|row| &row.spec).collect()
}
