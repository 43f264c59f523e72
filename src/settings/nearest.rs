//! What to say about a name that does not exist.

use crate::manifest::nearest;

/// A remedy that names the nearest candidate, else lists them all.
pub fn suggestion(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(name) => format!("did you mean '{name}'?"),
        None => format!("choose from {}", candidates.join(", ")),
    }
}

/// The remedy for a fault of reading a value: where it names what was found and what was expected, the nearest of these.
pub fn of_serde(fault: &str) -> String {
    // unknown variant `x`, expected one of `a`, `b`; unknown field `x`, expected `a` or `b`
    let is_name = fault.contains("unknown variant") || fault.contains("unknown field");
    let mut quoted = fault.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(found) if is_name => suggestion(found, &quoted.collect::<Vec<_>>()),
        _ => "correct the value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_reading_name_the_nearest() {
        let told = "unknown variant `robus`, expected one of `standard`, `robust`, `min_max`";
        assert_eq!(of_serde(told), "did you mean 'robust'?");
        assert_eq!(of_serde("invalid type: string `x`"), "correct the value");
    }

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
