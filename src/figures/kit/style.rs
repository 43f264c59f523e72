//! One style for every figure: sizes for print, type, and colours that every common colour vision tells apart.
//!
//! Lengths are points (1/72 inch) of the printed figure. Colours go by what they mean ([`Role`]); each is written
//! into the picture in its light form together with a class, so that a page can recolour it ([`style_sheet`]) while
//! editors and viewers that know no style sheet show it right. Hues are those of Okabe and Ito (2008); arms differ
//! by shape and dash too.

use std::fmt::Write;

/// Points of a millimetre.
const POINTS_A_MM: f64 = 72.0 / 25.4;
/// Width of a figure that fills one column of a journal, 85 mm.
pub(crate) const ONE_COLUMN: f64 = 85.0 * POINTS_A_MM;
/// Width of a figure that fills both columns, 175 mm.
pub(crate) const TWO_COLUMNS: f64 = 175.0 * POINTS_A_MM;
/// Width of a figure of a few square panels: a column, one and a half, or two.
pub(crate) fn of_panels(columns: usize) -> f64 {
    match columns {
        0 | 1 => ONE_COLUMN,
        2 => 117.0 * POINTS_A_MM,
        _ => TWO_COLUMNS,
    }
}

/// Size of labels and ticks.
pub(crate) const SMALL: f64 = 6.5;
/// Size of names of axes, models and panels.
pub(crate) const NORMAL: f64 = 7.5;
/// Width of axes and guides.
pub(crate) const HAIR: f64 = 0.5;
/// Width of curves.
pub(crate) const CURVE: f64 = 1.25;
/// Radius of marks.
pub(crate) const MARK: f64 = 2.6;
/// Opacity of bands behind curves.
pub(crate) const BAND: f64 = 0.16;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The ground.
    Paper,
    /// Text and frames.
    Ink,
    /// What stands back: guides, second texts.
    Quiet,
    /// Grids.
    Rule,
    /// Quiet areas: counts, stripes.
    Shade,
    /// The networks.
    Deep,
    /// The learners on features.
    Radiomics,
    /// Rows without a model.
    Reference,
    /// A class, a part or a site by its position.
    Class(usize),
}

/// Name, light form and dark form of every role but classes.
const ROLES: [(Role, &str, [u8; 3], [u8; 3]); 8] = [
    (Role::Paper, "paper", [255, 255, 255], [22, 24, 27]),
    (Role::Ink, "ink", [26, 26, 26], [232, 232, 230]),
    (Role::Quiet, "quiet", [89, 89, 89], [169, 169, 166]),
    (Role::Rule, "rule", [212, 212, 212], [61, 64, 68]),
    (Role::Shade, "shade", [232, 232, 229], [46, 49, 54]),
    (Role::Deep, "deep", [0, 114, 178], [86, 180, 233]),
    (Role::Radiomics, "radiomics", [196, 78, 0], [240, 160, 48]),
    (
        Role::Reference,
        "reference",
        [107, 107, 107],
        [160, 160, 160],
    ),
];

/// Light and dark forms for classes; from the ninth on they begin again, with other shapes.
const CLASSES: [([u8; 3], [u8; 3]); 8] = [
    ([0, 114, 178], [75, 163, 219]),
    ([230, 159, 0], [230, 159, 0]),
    ([0, 158, 115], [38, 189, 146]),
    ([204, 121, 167], [217, 144, 186]),
    ([213, 94, 0], [236, 121, 33]),
    ([86, 180, 233], [126, 203, 246]),
    ([77, 77, 77], [178, 178, 178]),
    ([196, 178, 20], [240, 228, 66]),
];

impl Role {
    /// The name in classes and custom properties.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Class(at) => format!("class{}", at % CLASSES.len()),
            role => known(role).1.to_owned(),
        }
    }

    /// Red, green, blue on paper.
    pub(crate) fn light(self) -> [u8; 3] {
        match self {
            Self::Class(at) => CLASSES[at % CLASSES.len()].0,
            role => known(role).2,
        }
    }
}

fn known(role: Role) -> &'static (Role, &'static str, [u8; 3], [u8; 3]) {
    ROLES
        .iter()
        .find(|known| known.0 == role)
        .unwrap_or(&ROLES[1])
}

/// `#rrggbb`.
pub(crate) fn hexadecimal([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The rules by which a page recolours figures: custom properties `--fig-…` with light and dark values, and the
/// classes that figures carry, inside `svg.raduet-figure` only. In print figures are light.
pub fn style_sheet() -> String {
    let names = || {
        let roles = ROLES
            .iter()
            .map(|(_, name, light, dark)| ((*name).to_owned(), *light, *dark));
        let classes = CLASSES.iter().enumerate();
        roles.chain(classes.map(|(at, (light, dark))| (format!("class{at}"), *light, *dark)))
    };
    let (mut light, mut dark, mut rules) = (String::new(), String::new(), String::new());
    for (name, on_paper, on_screen) in names() {
        // Writing to a String cannot fail.
        let _ = write!(light, "--fig-{name}:{};", hexadecimal(on_paper));
        let _ = write!(dark, "--fig-{name}:{};", hexadecimal(on_screen));
        let _ = write!(
            rules,
            "svg.raduet-figure .f-{name}{{fill:var(--fig-{name})}}\n\
             svg.raduet-figure .s-{name}{{stroke:var(--fig-{name})}}\n"
        );
    }
    format!(
        ":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
         @media print{{:root{{{light}}}}}\n{rules}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast by WCAG 2.2.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let luminance = |colour: [u8; 3]| {
            let linear = colour.map(|channel| {
                let share = f64::from(channel) / 255.0;
                if share <= 0.040_45 {
                    share / 12.92
                } else {
                    ((share + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// 4.5 for text and 3 for the arms' marks, on both grounds.
    #[test]
    fn text_and_arms_stand_out_on_both_grounds() {
        let (paper, night) = (ROLES[0].2, ROLES[0].3);
        for (role, least) in [
            (Role::Ink, 4.5),
            (Role::Quiet, 4.5),
            (Role::Deep, 3.0),
            (Role::Radiomics, 3.0),
            (Role::Reference, 3.0),
        ] {
            let (_, name, light, dark) = known(role);
            assert!(contrast(*light, paper) >= least, "{name} on paper");
            assert!(contrast(*dark, night) >= least, "{name} at night");
        }
    }

    #[test]
    fn every_role_has_its_rules() {
        let sheet = style_sheet();
        for (role, ..) in ROLES {
            let name = role.name();
            assert!(sheet.contains(&format!(".f-{name}{{fill:var(--fig-{name})}}")));
        }
        assert_eq!(Role::Class(8).name(), Role::Class(0).name());
    }
}
