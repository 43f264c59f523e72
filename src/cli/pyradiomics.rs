//! PyRadiomics' own arguments, and how its spelling becomes ours.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `raduet pyradiomics`, which are PyRadiomics' own.
#[derive(Debug, Args)]
pub struct PyradiomicsArgs {
    /// An image, or a .csv that lists images and masks (columns Image, Mask, perhaps Label)
    #[arg(value_name = "IMAGE|BATCH")]
    pub input: PathBuf,
    /// The mask, where the input is an image
    #[arg(value_name = "MASK")]
    pub mask: Option<PathBuf>,
    /// A parameter file
    #[arg(short = 'p', long, value_name = "FILE")]
    pub param: Option<PathBuf>,
    /// A setting that wins over the file's; may be given several times
    #[arg(short = 's', long, value_name = "NAME:VALUE")]
    pub setting: Vec<String>,
    /// Only check settings, and whether the files are there
    #[arg(long)]
    pub validate: bool,
    /// File to append to, in place of standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Folder for a table of each case, which a later run reads back; in voxel mode for the maps
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// A vector for the region, or a map of each feature
    #[arg(short = 'm', long, value_enum, default_value_t = ModeName::Segment, value_name = "MODE")]
    pub mode: ModeName,
    /// Leave out features that are undefined
    #[arg(long)]
    pub skip_nans: bool,
    /// Form of the output
    #[arg(short = 'f', long, value_enum, default_value_t = FormName::Txt, value_name = "FORM")]
    pub format: FormName,
    /// How paths are written
    #[arg(long, value_enum, default_value_t = PathForm::Absolute, value_name = "HOW")]
    pub format_path: PathForm,
    /// Write paths with '/'
    #[arg(long)]
    pub unix_path: bool,
    /// What goes to the log file
    #[arg(long, value_enum, ignore_case = true, default_value_t = LogLevel::Warning, value_name = "LEVEL")]
    pub logging_level: LogLevel,
    /// File that messages are appended to
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// What goes to the screen, 1 (critical only) to 5 (everything)
    #[arg(long, value_name = "1-5", num_args = 0..=1, default_value_t = 3, default_missing_value = "4", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub verbosity: u8,
    /// Value of the region in the mask (deprecated: -s label:N)
    #[arg(short = 'l', long, value_name = "N")]
    pub label: Option<i64>,
}

/// What PyRadiomics' command line makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    /// A vector for the region
    Segment,
    /// A map of each feature
    Voxel,
}

/// Forms that PyRadiomics' command line writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormName {
    /// A header and a row for each case
    Csv,
    /// A list with an object for each case
    Json,
    /// A line for each value
    Txt,
}

/// How paths of images and masks are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PathForm {
    /// From the root
    Absolute,
    /// From the batch file's folder, or the current one
    Relative,
    /// The file's name only
    Basename,
}

/// Levels of messages, by Python's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum LogLevel {
    Notset,
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

/// The words of a command line, those of `raduet pyradiomics` in our spelling: PyRadiomics has two short options
/// of two letters, and another `-v`.
pub fn words(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = given.into_iter().collect();
    if words.get(1).is_none_or(|command| command != "pyradiomics") {
        return words;
    }
    for word in words.iter_mut().skip(2) {
        let text = word.to_string_lossy();
        let level = text
            .strip_prefix("-v")
            .filter(|level| level.len() == 1 && level.chars().all(|c| c.is_ascii_digit()));
        *word = match (text.as_ref(), level) {
            ("-od", _) => "--out-dir".into(),
            ("-up", _) => "--unix-path".into(),
            ("-v", _) => "--verbosity".into(),
            (_, Some(level)) => format!("--verbosity={level}").into(),
            _ => continue,
        };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_and_levels_are_spelled_out_for_this_command_only() {
        let spelled = |text: &str| -> Vec<String> {
            let words = words(text.split(' ').map(OsString::from)).into_iter();
            words.map(|word| word.into_string().unwrap()).collect()
        };
        assert_eq!(
            spelled("raduet pyradiomics a b -od c -up -v 4 -v2 -vx"),
            "raduet pyradiomics a b --out-dir c --unix-path --verbosity 4 --verbosity=2 -vx"
                .split(' ')
                .collect::<Vec<_>>()
        );
        let other = "raduet extract -v -od";
        assert_eq!(spelled(other), other.split(' ').collect::<Vec<_>>());
    }
}
