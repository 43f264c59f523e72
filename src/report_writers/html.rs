//! `report.html`.

use super::Material;

/// The whole report.
pub fn page(material: &Material<'_>) -> String {
    super::escape::html(&super::markdown::page(material))
}
