//! What to say about a name that does not exist.

use crate::manifest::nearest;

/// A remedy that names the nearest candidate, else lists them all.
pub fn suggestion(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(name) => format!("did you mean '{name}'?"),
        None => format!("choose from {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let names = ["bin_width", "bin_count", "families"];
        assert_eq!(suggestion("famlies", &names), "did you mean 'families'?");
        assert_eq!(
            suggestion("zebra", &names),
            "choose from bin_width, bin_count, families"
        );
    }
}
