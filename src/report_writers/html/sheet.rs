//! Style sheet and script of the page, and the policy that lets nothing else in.
//!
//! Blue and vermilion of the arms keep apart for every common colour vision (Okabe and Ito 2008); shapes and
//! dashes repeat what colours say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::figures;

const PAGE: &str = include_str!("page.css");
/// The one script: sorts tables, enlarges figures, marks the section in view, unfolds for print.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// Everything, inside the page.
pub(super) fn style() -> String {
    format!("\n{PAGE}{}", figures::style_sheet())
}

/// What the page may load and run: this style, this script, images and files that are part of it. A name from
/// a manifest could not load or run anything even if it slipped through the escaping.
pub(super) fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source(style),
        source(SCRIPT)
    )
}

/// The hash of an element's content as a policy names it (CSP level 3).
fn source(content: &str) -> String {
    format!(
        "sha256-{}",
        STANDARD.encode(Sha256::digest(content.as_bytes()))
    )
}

/// A file as an address that holds it.
pub(super) fn data_address(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (CSP level 3, section 6.7.3.3 and MDN): the script `alert('Hello, world.');`.
    #[test]
    fn hash_of_the_specifications_example() {
        assert_eq!(
            source("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }

    /// Nothing in either may end its element, and the script asks for nothing that a policy must allow.
    #[test]
    fn style_and_script_stay_inside_their_elements() {
        for content in [&style(), SCRIPT] {
            assert!(!content.to_lowercase().contains("</"));
        }
        for forbidden in [
            "eval(",
            "innerHTML",
            "setTimeout(\"",
            "fetch(",
            "import(",
            "http",
        ] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }
}
