//! Where the voxels lie: `space`, `space directions`, `space origin`, or `spacings` alone.
//!
//! Directions are in the named space; RAS is ours, LPS and LAS are turned. Spaces without a relation to the patient
//! (`scanner-xyz`, `3D-right-handed` …) are read as LPS, as ITK does, with a doubt.

use raduet_features::{Affine, Grid};

use super::bad;
use super::fields::Fields;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::ReadOptions;
use crate::io::grid::{cross, grid_of, length, shear, unplaced};

/// The grid of a volume.
pub(super) type Placed = Grid;

/// What is known about the axes.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Direction of each axis, per step; none for axes that are not of space.
    directions: Vec<Option<[f64; 3]>>,
    /// Whether directions were given at all.
    oriented: bool,
    /// Axes of space, at most three.
    spatial: Vec<usize>,
    /// Kinds of the others.
    kinds: Vec<String>,
}

impl Found {
    /// The axes of x, y, z.
    pub(super) fn space(&self) -> [Option<usize>; 3] {
        let mut axes = self.spatial.iter().copied();
        [axes.next(), axes.next(), axes.next()]
    }

    /// What stands along the other axes, for messages.
    pub(super) fn others(&self) -> String {
        let kinds: Vec<&str> = self
            .kinds
            .iter()
            .map(String::as_str)
            .filter(|kind| !kind.is_empty())
            .collect();
        if kinds.is_empty() {
            "volumes".to_owned()
        } else {
            format!("volumes ({})", kinds.join(", "))
        }
    }
}

/// Finds the axes of space.
///
/// # Errors
/// `E_HEADER`, `E_NDIM`.
pub(super) fn axes(fields: &Fields<'_>, dimension: usize) -> Result<Found> {
    let kinds: Vec<String> = match fields.get("kinds") {
        None => vec![String::new(); dimension],
        Some(text) => {
            let kinds: Vec<String> = text
                .split_whitespace()
                .take(dimension.saturating_add(1))
                .map(str::to_ascii_lowercase)
                .collect();
            if kinds.len() != dimension {
                return Err(bad("kinds", text).expected(format!("{dimension} kinds")));
            }
            kinds
        }
    };
    let (directions, oriented) = match fields.get("space directions") {
        Some(text) => (directions(text, dimension)?, true),
        None => (vec![None; dimension], false),
    };
    let is_space = |axis: usize| {
        let kind = kinds.get(axis).map_or("", String::as_str);
        match (oriented, kind) {
            (true, _) => directions.get(axis).is_some_and(Option::is_some),
            (false, "domain" | "space" | "" | "???" | "none") => true,
            (false, _) => false,
        }
    };
    let mut spatial: Vec<usize> = (0..dimension).filter(|axis| is_space(*axis)).collect();
    if oriented && spatial.len() > 3 {
        return Err(bad("space directions", "more than three axes of space"));
    }
    // Without a word about them, the axes behind the third hold volumes.
    spatial.truncate(3);
    if spatial.is_empty() {
        return Err(bad("kinds", "no axis of space"));
    }
    let others = kinds.into_iter().enumerate();
    let kinds = others
        .filter(|(axis, _)| !spatial.contains(axis))
        .map(|(_, kind)| kind)
        .collect();
    Ok(Found {
        directions,
        oriented,
        spatial,
        kinds,
    })
}

/// The grid; `size` counts voxels along x, y, z.
///
/// # Errors
/// `E_HEADER` when the axes span no volume.
pub(super) fn place(
    fields: &Fields<'_>,
    found: &Found,
    size: [usize; 3],
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Placed> {
    let unit = units(fields, found.oriented, warnings);
    let doubt = |found: String, done: &str| Warning::new(WarningCode::Orientation, found, done);
    if !found.oriented {
        let sizes = spacings(fields, found, unit, options, warnings)?;
        warnings.push(doubt(
            "no space directions".to_owned(),
            "orientation unknown: axes are taken as stored",
        ));
        return unplaced(sizes, size)
            .ok_or_else(|| bad("spacings", "out of range").expected("positive voxel sizes"));
    }
    let signs = signs(fields, warnings)?;
    let turned = |v: [f64; 3]| {
        let [x, y, z] = v;
        let [a, b, c] = signs;
        [x * unit * a, y * unit * b, z * unit * c]
    };
    let mut columns = found
        .spatial
        .iter()
        .filter_map(|axis| found.directions.get(*axis).copied().flatten())
        .map(turned);
    let first = columns.next().unwrap_or([1.0, 0.0, 0.0]);
    let second = columns.next().unwrap_or_else(|| across(first));
    let third = columns.next().unwrap_or_else(|| {
        warnings.push(doubt(
            "a flat image in space".to_owned(),
            "slices are taken as 1 mm apart",
        ));
        let normal = cross(first, second);
        normal.map(|v| v / length(normal))
    });
    let origin = if let Some(text) = fields.get("space origin") {
        turned(vector(text).ok_or_else(|| bad("space origin", text))?)
    } else {
        warnings.push(doubt(
            "no space origin".to_owned(),
            "the first voxel is put at 0, 0, 0",
        ));
        [0.0; 3]
    };
    let [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = [first, second, third];
    let [ox, oy, oz] = origin;
    let affine = Affine([[ax, bx, cx, ox], [ay, by, cy, oy], [az, bz, cz, oz]]);
    if let Some(cosine) = shear(&affine) {
        warnings.push(doubt(
            format!("axes are not at right angles (cosine {cosine:.4})"),
            "read as stored; areas and lengths assume right angles",
        ));
    }
    grid_of(affine, size).ok_or_else(|| {
        bad(
            "space directions",
            fields.get("space directions").unwrap_or_default(),
        )
        .expected("axes that span a volume, in finite numbers")
    })
}

/// A unit vector at right angles to another one.
fn across(v: [f64; 3]) -> [f64; 3] {
    let [x, y, _] = v;
    let other = cross(
        v,
        if x == 0.0 && y == 0.0 {
            [1.0, 0.0, 0.0]
        } else {
            [0.0, 0.0, 1.0]
        },
    );
    other.map(|c| c / length(other))
}

/// Factors that bring a vector of the header's space to RAS.
fn signs(fields: &Fields<'_>, warnings: &mut Vec<Warning>) -> Result<[f64; 3]> {
    const RAS: [f64; 3] = [1.0, 1.0, 1.0];
    const LAS: [f64; 3] = [-1.0, 1.0, 1.0];
    const LPS: [f64; 3] = [-1.0, -1.0, 1.0];
    let mut unknown = |space: &str| {
        let shown: String = space.chars().take(40).collect();
        warnings.push(Warning::new(
            WarningCode::Orientation,
            format!("space '{shown}' says nothing about the patient"),
            "read as left-posterior-superior",
        ));
        LPS
    };
    let Some(space) = fields.get("space") else {
        return match fields.get("space dimension") {
            Some("2" | "3" | "4") | None => Ok(unknown("of no name")),
            Some(other) => Err(bad("space dimension", other).expected("3")),
        };
    };
    let lower = space.to_ascii_lowercase();
    Ok(match lower.strip_suffix("-time").unwrap_or(&lower) {
        "right-anterior-superior" | "ras" | "rast" => RAS,
        "left-anterior-superior" | "las" | "last" => LAS,
        "left-posterior-superior" | "lps" | "lpst" => LPS,
        "scanner-xyz" | "3d-right-handed" | "3d-left-handed" => unknown(space),
        _ => return Err(bad("space", space).expected("a space the format names")),
    })
}

/// `(1,0,0) none (0,0,2.5)`, one for each axis.
fn directions(text: &str, dimension: usize) -> Result<Vec<Option<[f64; 3]>>> {
    let wrong = || bad("space directions", text).expected(format!("{dimension} vectors or 'none'"));
    let mut list = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if list.len() >= dimension {
            return Err(wrong());
        }
        let word_end = if rest.starts_with('(') {
            rest.find(')')
                .and_then(|at| at.checked_add(1))
                .ok_or_else(wrong)?
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        let (word, behind) = rest.split_at_checked(word_end).ok_or_else(wrong)?;
        list.push(if word.eq_ignore_ascii_case("none") {
            None
        } else {
            let v = vector(word).ok_or_else(wrong)?;
            // A vector of NaN, or one along time only, is no direction in space.
            let [x, y, z] = v;
            let nowhere = v.iter().all(|c| c.is_nan()) || (x == 0.0 && y == 0.0 && z == 0.0);
            (!nowhere).then_some(v)
        });
        rest = behind.trim_start();
    }
    if list.len() == dimension {
        Ok(list)
    } else {
        Err(wrong())
    }
}

/// `(1,2,3)`: the first three components; a plane's vector has two.
fn vector(text: &str) -> Option<[f64; 3]> {
    let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let mut v = [0.0; 3];
    let mut count = 0_usize;
    for word in inside.split(',').take(5) {
        let value: f64 = word.trim().parse().ok()?;
        if let Some(slot) = v.get_mut(count) {
            *slot = value;
        }
        count = count.saturating_add(1);
    }
    (2..=4).contains(&count).then_some(v)
}

/// Voxel sizes along x, y, z in mm where directions are missing: the header's, of which one unit is so many mm, else
/// those handed in.
fn spacings(
    fields: &Fields<'_>,
    found: &Found,
    unit: f64,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<[f64; 3]> {
    let list = |name: &str| -> Result<Option<Vec<f64>>> {
        let Some(text) = fields.get(name) else {
            return Ok(None);
        };
        let words = text.split_whitespace().take(found.directions.len());
        let values: Option<Vec<f64>> = words.map(|word| word.parse().ok()).collect();
        values
            .map(Some)
            .ok_or_else(|| bad(name, text).expected("numbers"))
    };
    let (spacings, thicknesses) = (list("spacings")?, list("thicknesses")?);
    let of = |list: &Option<Vec<f64>>, axis: usize| -> Option<f64> {
        let value = list.as_ref()?.get(axis).copied()?;
        (!value.is_nan()).then_some(value)
    };
    let mut sizes = options.spacing.unwrap_or([1.0; 3]);
    let mut missing = 0_usize;
    for (slot, axis) in sizes.iter_mut().zip(found.space()) {
        let known = axis.and_then(|axis| of(&spacings, axis).or_else(|| of(&thicknesses, axis)));
        match known {
            Some(value) if value > 0.0 && value.is_finite() => *slot = value * unit,
            Some(value) => {
                return Err(ToolError::new(Code::Header, format!("spacings: {value}"))
                    .expected("a positive voxel size")
                    .remedy("the header is damaged: export the image again"));
            }
            None => missing = missing.saturating_add(1),
        }
    }
    if missing > 0 && options.spacing.is_none() {
        warnings.push(Warning::new(
            WarningCode::Orientation,
            "voxel sizes are missing",
            "taken as 1 mm",
        ));
    }
    Ok(sizes)
}

/// Millimetres per unit of length.
fn units(fields: &Fields<'_>, oriented: bool, warnings: &mut Vec<Warning>) -> f64 {
    let field = if oriented { "space units" } else { "units" };
    let first = fields.get(field).and_then(|text| {
        let quoted = text.split('"').nth(1);
        quoted.or_else(|| text.split_whitespace().next())
    });
    let (done, factor) = match first.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "mm" | "millimeter" | "millimetre" | "???") => return 1.0,
        Some("m") => ("converted to millimetres", 1e3),
        Some("cm") => ("converted to millimetres", 10.0),
        Some("um" | "micron" | "micrometer" | "micrometre") => ("converted to millimetres", 1e-3),
        Some(_) => ("read as millimetres", 1.0),
    };
    let unit: String = first.unwrap_or_default().chars().take(20).collect();
    warnings.push(Warning::new(
        WarningCode::Units,
        format!("lengths in '{unit}'"),
        done,
    ));
    factor
}
