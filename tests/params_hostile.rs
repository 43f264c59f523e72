//! Parameter files that mean no good: a typed refusal or plain values, never a panic or a long wait.

use proptest::prelude::*;
use raduet::params::Parameters;

/// Each level names the one before nine times: nine to the ninth values if aliases were followed.
#[test]
fn aliases_do_not_multiply() {
    let mut text = String::from("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (name, before) in ('b'..='i').zip('a'..) {
        let names = vec![format!("*{before}"); 9].join(", ");
        let line = format!("{name}: &{name} [{names}]\n");
        text += &line;
    }
    let told = Parameters::parse(&text, &[]).unwrap_err();
    assert_eq!(told.list().len(), 1);
    assert!(told.list()[0].found.contains("anchor"), "{told}");
}

/// A file as large as is read at all, of the pieces that parsers like least.
#[test]
fn long_files_of_one_piece_end() {
    const SIZE: usize = 1 << 20;
    for piece in [
        "[", "{", "- ", "? ", ": ", "a: ", "\"", "'", "&a ", "*a ", "!a ", "|\n", ">\n ", "%", "#",
        "---\n", "...\n", "a: 1\n", "- a\n", "\u{feff}", "\t", "\n", " ", ", ", "[],", "{},",
        "a: {", "a:\n ", "\u{0}", "\u{85}",
    ] {
        let text: String = piece.repeat(SIZE / piece.len());
        // The outcome is whatever it is: only that there is one.
        let _ = Parameters::parse(&text, &[]);
    }
}

/// Indented ever deeper.
#[test]
fn stairs_end() {
    let stairs: Vec<String> = (0..1_000).map(|depth| " ".repeat(depth) + "a:").collect();
    let stairs = stairs.join("\n");
    let told = Parameters::parse(&stairs, &[]).unwrap_err();
    assert!(told.list()[0].found.contains("levels"), "{told}");
}

const GOOD: &str = "setting:\n  binWidth: 25\n  resampledPixelSpacing: [1, 1, 1]\n  interpolator: 'sitkBSpline'\n\
                    imageType:\n  Original: {}\n  LoG: {sigma: [1.0, 2.0]}\n\
                    featureClass:\n  glcm:\n    - Contrast\n    - Idm\n  shape:\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_outcome(text in "\\PC{0,200}") {
        let _ = Parameters::parse(&text, std::slice::from_ref(&text));
    }

    #[test]
    fn any_bytes_have_an_outcome(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Parameters::parse(&text, &[]);
    }

    #[test]
    fn the_signs_of_the_language_in_any_order(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "setting", ":", " ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "?", "&a", "*a", "!", "|", ">", "'",
            "\"", "\\", "%", "#", "---", "...", "@", "`", "1", "\t", "\r", "~", "é", "\u{2028}",
        ]), 0..60)
    ) {
        let _ = Parameters::parse(&pieces.concat(), &[]);
    }

    #[test]
    fn a_good_file_with_damage(at in 0..GOOD.len(), length in 0..12_usize, put in "[ -~\n]{0,6}") {
        let end = (at + length).min(GOOD.len());
        let text = format!("{}{put}{}", &GOOD[..at], &GOOD[end..]);
        let _ = Parameters::parse(&text, &[]);
    }

    /// What is accepted is written out and accepted again, as the same.
    #[test]
    fn what_is_accepted_reads_back(at in 0..GOOD.len(), put in "[a-z0-9.,: ]{1,3}") {
        let text = format!("{}{put}{}", &GOOD[..at], &GOOD[at..]);
        if let Ok((parameters, _)) = Parameters::parse(&text, &[]) {
            let (again, _) = Parameters::parse(&parameters.expanded().to_string(), &[]).unwrap();
            // Written out, every setting is a given one.
            let again = Parameters { given: parameters.given.clone(), ..again };
            prop_assert_eq!(again, parameters);
        }
    }
}
