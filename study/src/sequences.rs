//! Words of names that mean a sequence or a modality: in names of files as in names of patients.

/// The words themselves, in lower case; phases of contrast among them (`ap` arterial, `pvp` portal venous).
const WORDS: [&str; 13] = [
    "t1", "t2", "flair", "dwi", "adc", "pd", "swi", "dce", "mri", "ct", "pet", "ap", "pvp",
];

/// Weightings whose names go on with letters: `T1post`, `T2W`, `T1gado`.
const WEIGHTINGS: [&str; 2] = ["t1", "t2"];

/// Most letters behind a weighting; longer words merely begin so.
const MOST_LETTERS: usize = 4;

/// Whether a word, without anything before or behind it, names a sequence in any letter case.
///
/// # Examples
/// ```
/// use raduet_study::sequences::is_sequence_word;
///
/// assert!(is_sequence_word("FLAIR") && is_sequence_word("T1post"));
/// assert!(!is_sequence_word("t1000") && !is_sequence_word("apple"));
/// ```
pub fn is_sequence_word(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let goes_on = |weighting: &&str| {
        word.strip_prefix(*weighting).is_some_and(|rest| {
            rest.len() <= MOST_LETTERS && rest.bytes().all(|byte| byte.is_ascii_lowercase())
        })
    };
    WORDS.contains(&word.as_str()) || WEIGHTINGS.iter().any(goes_on)
}
