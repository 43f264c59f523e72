//! Class names and labels. The order of [`ClassNames`] is the order of every probability column.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};

/// The classes of a study in their stated order (for stages: from mild to severe).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ClassNames(Vec<String>);

impl ClassNames {
    /// Takes the names in the order given.
    ///
    /// # Errors
    /// [`StudyError::Classes`] when there is none, one is empty, or one occurs twice.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(StudyError::Classes {
                found: "no class at all".into(),
            });
        }
        for (i, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(StudyError::Classes {
                    found: format!("an empty name at position {i}"),
                });
            }
            if names[..i].contains(name) {
                return Err(StudyError::Classes {
                    found: format!("'{name}' twice"),
                });
            }
        }
        Ok(Self(names))
    }

    /// How many classes there are (K).
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never true: the constructor refuses an empty list.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The label of a class name, if it is one of these classes.
    pub fn label(&self, name: &str) -> Option<Label> {
        self.0.iter().position(|n| n == name).map(Label)
    }

    /// The name of a label.
    ///
    /// # Panics
    /// When the label belongs to other classes.
    pub fn name(&self, label: Label) -> &str {
        &self.0[label.0]
    }

    /// All labels in order.
    pub fn labels(&self) -> impl Iterator<Item = Label> + use<> {
        (0..self.0.len()).map(Label)
    }
}

impl TryFrom<Vec<String>> for ClassNames {
    type Error = StudyError;

    fn try_from(names: Vec<String>) -> Result<Self> {
        Self::new(names)
    }
}

impl From<ClassNames> for Vec<String> {
    fn from(classes: ClassNames) -> Self {
        classes.0
    }
}

/// A class as its position in [`ClassNames`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(pub usize);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
