//! Which columns of a table of predictions say what, in any program's spelling.

use crate::error::{Code, Result, ToolError};
use crate::settings::nearest::suggestion;

/// What a column can say of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Which image.
    Id,
    /// Whose image.
    Patient,
    /// Which slice of it.
    Slice,
    /// The part: train, valid, test.
    Split,
    /// The fold.
    Fold,
    /// Whose answer.
    Model,
    /// Radiomics, deep or reference.
    Arm,
    /// The true class.
    Truth,
    /// The class answered.
    Answer,
    /// The probability of one of two classes: of the second, where its name does not say which.
    Score,
}

/// Number of roles.
const COUNT: usize = 10;

/// Roles with their word on the command line and the spellings by which columns are recognised, letter case and
/// `_ - .` ignored; the first hit wins.
const ROLES: [(Role, &str, &[&str]); COUNT] = [
    (
        Role::Id,
        "id",
        &[
            "id", "caseid", "case", "sampleid", "sample", "imageid", "image", "filename", "file",
            "name",
        ],
    ),
    (
        Role::Patient,
        "patient",
        &[
            "patientid",
            "patient",
            "pid",
            "subject",
            "subjectid",
            "participant",
            "participantid",
        ],
    ),
    (
        Role::Slice,
        "slice",
        &["slice", "sliceindex", "slicenumber", "sliceid"],
    ),
    (
        Role::Split,
        "split",
        &["split", "part", "subset", "partition", "set"],
    ),
    (Role::Fold, "fold", &["fold", "cvfold"]),
    (
        Role::Model,
        "model",
        &[
            "model",
            "modelname",
            "algorithm",
            "classifier",
            "method",
            "network",
            "learner",
        ],
    ),
    (Role::Arm, "arm", &["arm"]),
    (
        Role::Truth,
        "truth",
        &[
            "ytrue",
            "truth",
            "true",
            "trueclass",
            "truelabel",
            "groundtruth",
            "gt",
            "actual",
            "target",
            "label",
            "class",
            "diagnosis",
            "outcome",
            "y",
        ],
    ),
    (
        Role::Answer,
        "answer",
        &[
            "ypred",
            "pred",
            "predicted",
            "prediction",
            "predictedclass",
            "predictedlabel",
            "predclass",
            "predlabel",
            "answer",
            "yhat",
        ],
    ),
    (
        Role::Score,
        "score",
        &[
            "score",
            "yscore",
            "probability",
            "prob",
            "proba",
            "yprob",
            "yproba",
            "predproba",
            "p",
        ],
    ),
];

/// What the names of probability columns begin with, longest first: the class follows.
const PREFIXES: [&str; 8] = [
    "probability_",
    "pred_proba_",
    "y_prob_",
    "proba_",
    "prob_",
    "score_",
    "p_",
    "p(",
];

/// Where everything stands in one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    keys: [Option<usize>; COUNT],
    /// Classes with the columns of their probabilities, in the table's order.
    pub(super) probabilities: Vec<(String, usize)>,
    /// The class whose probability the score is, where the column's name says it.
    pub(super) score_of: Option<String>,
}

impl Columns {
    /// Recognises the columns of a header; `chosen` names some of them, `role=column`.
    ///
    /// # Errors
    /// [`Code::Usage`] for a choice that is none or of a column that is not there, [`Code::Manifest`] for a header that names
    /// a column twice or lacks what an answer needs.
    pub(super) fn of(head: &[String], chosen: &[String]) -> Result<Self> {
        if let Some(twice) = head
            .iter()
            .enumerate()
            .find(|(at, name)| !name.is_empty() && head[..*at].contains(name))
        {
            return Err(unusable(
                format!("two columns '{}'", twice.1),
                "give every column its own name",
            ));
        }
        let names: Vec<String> = head.iter().map(|name| plain(name)).collect();
        let mut keys = [None; COUNT];
        for word in chosen {
            let (place, column) = choice(word, head)?;
            keys[place] = Some(column);
        }
        for (place, (_, _, spellings)) in ROLES.iter().enumerate() {
            if keys[place].is_none() {
                let hits = spellings
                    .iter()
                    .filter_map(|spelling| names.iter().position(|name| name == spelling));
                let mut free = hits.filter(|at| !keys.contains(&Some(*at)));
                keys[place] = free.next();
            }
        }
        let of_classes = head.iter().enumerate();
        let of_classes = of_classes.filter(|(column, _)| !keys.contains(&Some(*column)));
        let probabilities = of_classes.filter_map(|(column, name)| Some((class_of(name)?, column)));
        let mut columns = Self {
            probabilities: probabilities.collect(),
            keys,
            score_of: None,
        };
        // One probability leaves the rest to the other of two classes.
        if let [(class, column)] = &columns.probabilities[..] {
            columns.score_of = Some(class.clone());
            columns.keys[place_of(Role::Score)] = Some(*column);
            columns.probabilities.clear();
        }
        columns.check(head)?;
        Ok(columns)
    }

    fn check(&self, head: &[String]) -> Result<()> {
        let shown: Vec<&str> = head.iter().take(8).map(String::as_str).collect();
        let found = format!("line 1: columns {}", shown.join(", "));
        if self.at(Role::Patient).or(self.at(Role::Id)).is_none() {
            let remedy =
                "name the patient (PatientID), or say which column it is (--column patient=NAME)";
            return Err(unusable(found, remedy).expected("a column of patients"));
        }
        if self.at(Role::Truth).is_none() {
            let remedy =
                "name the true class (y_true), or say which column it is (--column truth=NAME)";
            return Err(unusable(found, remedy).expected("a column of true classes"));
        }
        let answers = self.at(Role::Answer).or(self.at(Role::Score));
        if self.probabilities.is_empty() && answers.is_none() {
            let remedy =
                "give a probability for every class (p_<class>), or the class answered (y_pred)";
            return Err(unusable(found, remedy).expected("a column of answers"));
        }
        Ok(())
    }

    /// Where the column of a role stands.
    pub(super) fn at(&self, role: Role) -> Option<usize> {
        self.keys[place_of(role)]
    }

    /// What was taken for what, where it is not our own name.
    pub(super) fn describe(&self, head: &[String]) -> Option<String> {
        let own = |role: Role| match role {
            Role::Id => "ID",
            Role::Patient => "PatientID",
            Role::Slice => "Slice",
            Role::Split => "Split",
            Role::Fold => "Fold",
            Role::Model => "model",
            Role::Arm => "arm",
            Role::Truth => "y_true",
            Role::Answer => "y_pred",
            Role::Score => "p",
        };
        let renamed: Vec<String> = ROLES
            .iter()
            .zip(self.keys)
            .filter_map(|((role, ..), column)| {
                let name = &head[column?];
                // A score is told with its class.
                let is_told = name != own(*role) && *role != Role::Score;
                is_told.then(|| format!("{} from '{name}'", own(*role)))
            })
            .collect();
        (!renamed.is_empty()).then(|| renamed.join(", "))
    }
}

/// The place of a role among [`ROLES`], which lists them in their order.
fn place_of(role: Role) -> usize {
    role as usize
}

/// The place of the role and the column that a word of the command line names.
fn choice(word: &str, head: &[String]) -> Result<(usize, usize)> {
    let Some((role, column)) = word.split_once('=') else {
        return Err(ToolError::new(Code::Usage, format!("--column {word}"))
            .expected("ROLE=NAME, such as truth=diagnosis")
            .remedy("write the role, =, and the column's name"));
    };
    let words = ROLES.map(|(_, word, _)| word);
    let place = words.iter().position(|known| *known == role.trim());
    let place = place.ok_or_else(|| {
        ToolError::new(Code::Usage, format!("no role '{role}'")).remedy(suggestion(role, &words))
    })?;
    let at = head.iter().position(|name| name == column.trim());
    let at = at.ok_or_else(|| {
        let columns: Vec<&str> = head.iter().map(String::as_str).collect();
        ToolError::new(Code::Usage, format!("no column '{column}'"))
            .remedy(suggestion(column, &columns))
    })?;
    Ok((place, at))
}

/// The class that a column's name gives the probability of.
fn class_of(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let prefix = PREFIXES.iter().find(|prefix| lower.starts_with(**prefix))?;
    let class = name[prefix.len()..].trim();
    let class = if *prefix == "p(" {
        class.strip_suffix(')')?
    } else {
        class
    };
    (!class.is_empty()).then(|| class.to_owned())
}

/// A name without letter case and separators.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '-', ' ', '.'], "")
}

/// A table that cannot be used.
pub(super) fn unusable(found: impl Into<String>, remedy: &str) -> ToolError {
    ToolError::new(Code::Manifest, found).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(head: &[&str], chosen: &[&str]) -> Result<Columns> {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        Columns::of(&owned(head), &owned(chosen))
    }

    #[test]
    fn spellings_of_many_programs_are_recognised() {
        let found = columns(
            &["subject_id", "Ground Truth", "prob_Mild", "PROB_severe"],
            &[],
        )
        .unwrap();
        assert_eq!(found.at(Role::Patient), Some(0));
        assert_eq!(found.at(Role::Truth), Some(1));
        let classes: Vec<&str> = found
            .probabilities
            .iter()
            .map(|(c, _)| c.as_str())
            .collect();
        assert_eq!(classes, ["Mild", "severe"]);
        let found = columns(&["case", "y", "y_hat", "y_prob"], &[]).unwrap();
        assert_eq!(
            (
                found.at(Role::Id),
                found.at(Role::Answer),
                found.at(Role::Score)
            ),
            (Some(0), Some(2), Some(3))
        );
    }

    #[test]
    fn a_choice_wins_and_a_wrong_one_is_refused() {
        let found = columns(&["id", "label", "stage", "pred"], &["truth=stage"]).unwrap();
        assert_eq!(found.at(Role::Truth), Some(2));
        for (chosen, said) in [
            ("truth", "ROLE=NAME"),
            ("trut=stage", "did you mean 'truth'"),
            ("truth=stge", "did you mean 'stage'"),
        ] {
            let fault = columns(&["id", "label", "stage", "pred"], &[chosen]).unwrap_err();
            assert!(fault.to_string().contains(said), "{fault}");
        }
    }

    #[test]
    fn roles_stand_in_their_order() {
        for (place, (role, ..)) in ROLES.iter().enumerate() {
            assert_eq!(place_of(*role), place);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (head, said) in [
            (&["x", "y", "pred"][..], "a column of patients"),
            (&["id", "pred"], "a column of true classes"),
            (&["id", "y_true"], "a column of answers"),
            (&["id", "id", "y", "pred"], "two columns 'id'"),
        ] {
            let fault = columns(head, &[]).unwrap_err();
            assert!(fault.to_string().contains(said), "{fault}");
        }
    }
}
