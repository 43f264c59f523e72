//! What a feature is: names, IBSI id, unit, definition.

/// Everything that is known about a feature but its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureSpec {
    /// Our name, `family_feature` in lower case.
    pub name: &'static str,
    /// Name of the column that PyRadiomics writes for the unfiltered image.
    pub pyradiomics_name: &'static str,
    /// Permanent IBSI identifier, where the definition is that of the standard.
    pub ibsi_id: Option<&'static str>,
    /// Unit; `1` for pure numbers, `intensity` for the unit of the image, `level` for grey levels.
    pub unit: &'static str,
    /// The formula in one line, in the symbols of the family's module.
    pub definition: &'static str,
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
        pyradiomics_name: &'static str,
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
        };
        Self { spec, value }
    }
}

/// The specs of a table, in its order.
pub(crate) fn specs_of<T>(table: &'static [Feature<T>]) -> Vec<&'static FeatureSpec> {
    table.iter().map(|row| &row.spec).collect()
}
