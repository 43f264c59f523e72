//! Predictions of any origin: tables in any program's spelling, several of them side by side.
//!
//! A line is an answer: a patient (or an image), the true class, and a probability for every class, or one for one of two
//! classes, or the class answered alone. Classes are those of the probabilities; without any, the texts of truth and answer, in
//! numerical order where all are numbers. The first file's order holds for all.
//!
//! The class of a single probability is that in its column's name (`p_severe`), else the second one, which is said; where
//! answers beside it speak against that, the table is refused.
//!
//! Models are told apart by a column, else by the file: by its name, with its folder where several files have one name. One
//! model of the column may have its answers in several files (a file a fold), which is said.

mod columns;
mod names;
mod score;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use raduet_study::{Arm, ClassNames, Grading, Label, PredictionRow, Predictions, SampleId};

use crate::error::{Faults, Result, ToolError, Warning, WarningCode};
use columns::unusable;
use names::{file_names, with_distinct_names};
use score::{against_answers, score_of};
use table::{Line, Table};

/// Models of all files, and what was taken for what.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Models in the order of files and lines.
    pub models: Vec<Predictions>,
    /// What was taken for what, and what is doubtful.
    pub warnings: Vec<Warning>,
}

/// A file's bytes with its path.
pub type File<'a> = (&'a Path, Vec<u8>);

/// Reads all files; `chosen` names columns, `role=column`.
///
/// # Errors
/// Everything that is wrong with the first file that cannot be used, each fault with its line.
pub fn read(files: &[File<'_>], chosen: &[String]) -> Result<Answers, Faults> {
    let mut warnings = Vec::new();
    let mut tables = Vec::new();
    for (path, bytes) in files {
        let table = Table::read(bytes, chosen).map_err(|faults| {
            let located = faults.into_iter().map(|fault| fault.file(*path)).collect();
            match Faults::check(located) {
                Err(faults) => faults,
                Ok(()) => Faults::from(ToolError::internal("no fault where there was one")),
            }
        })?;
        warnings.extend(table.notes.iter().map(|note| told(path, note)));
        tables.push((*path, table));
    }
    warnings.extend(number_folds(&mut tables));
    let classes = classes(&tables).map_err(|fault| match files.first() {
        Some((path, _)) => fault.file(*path),
        None => fault,
    })?;
    let mut models = Vec::new();
    for ((path, table), name) in tables.iter().zip(file_names(files)) {
        let (of_file, notes) =
            of_table(&name, table, &classes).map_err(|fault| fault.file(*path))?;
        models.extend(of_file);
        warnings.extend(notes.iter().map(|note| told(path, note)));
    }
    let (models, joined) = with_distinct_names(models)?;
    warnings.extend(joined);
    Ok(Answers { models, warnings })
}

/// Numbers the folds of all files from 0 without gaps, in their order.
fn number_folds(tables: &mut [(&Path, Table)]) -> Option<Warning> {
    let lines = tables.iter().flat_map(|(_, table)| &table.lines);
    let numbers: BTreeSet<usize> = lines.map(|line| line.fold).collect();
    if numbers.iter().copied().eq(0..numbers.len()) {
        return None;
    }
    let place: BTreeMap<usize, usize> = numbers.iter().copied().zip(0..).collect();
    for line in tables.iter_mut().flat_map(|(_, table)| &mut table.lines) {
        line.fold = place[&line.fold];
    }
    let found = format!("{} fold(s) that are not numbered from 0 on", numbers.len());
    Some(Warning::new(WarningCode::Manifest, found, "numbered anew").note())
}

fn told(path: &Path, note: &str) -> Warning {
    let mut warning = Warning::new(WarningCode::Manifest, note, "read so");
    warning.file = Some(path.to_owned());
    warning
}

/// The classes of all files in the order of the first that has probabilities.
fn classes(tables: &[(&Path, Table)]) -> Result<ClassNames> {
    let of_columns = tables.iter().find(|(_, table)| !table.classes.is_empty());
    let names = match of_columns {
        Some((_, table)) => table.classes.clone(),
        None => of_texts(tables.iter().flat_map(|(_, table)| &table.lines)),
    };
    let count = names.len();
    let classes = ClassNames::new(names)
        .map_err(|fault| unusable(fault.to_string(), "give every class one column p_<class>"))?;
    if count < 2 {
        return Err(unusable(
            format!("one class only: {}", classes.names().join(", ")),
            "give answers on samples of two classes at least",
        ));
    }
    Ok(classes)
}

/// The texts of truths and answers, each once.
fn of_texts<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<String> {
    let mut names: Vec<String> = lines
        .flat_map(|line| [Some(line.truth.clone()), line.answer.clone()])
        .flatten()
        .collect();
    names.sort_unstable();
    names.dedup();
    let number = |name: &String| name.parse::<f64>().ok().filter(|n| n.is_finite());
    if names.iter().all(|name| number(name).is_some()) {
        names.sort_by(|a, b| {
            let (a, b) = (number(a).unwrap_or_default(), number(b).unwrap_or_default());
            a.total_cmp(&b)
        });
        // `1` and `1.0` are one class.
        names.dedup_by(|a, b| number(a) == number(b));
    }
    names
}

/// The class that a text means: to the letter, else without regard to case, else as a number.
fn label(classes: &ClassNames, text: &str) -> Option<Label> {
    let by = |same: &dyn Fn(&str) -> bool| {
        let mut labels = classes.labels();
        labels.find(|&label| same(classes.name(label)))
    };
    let number = text.parse::<f64>().ok();
    classes
        .label(text)
        .or_else(|| by(&|name| name.eq_ignore_ascii_case(text)))
        .or_else(|| by(&|name| number.is_some() && name.parse::<f64>().ok() == number))
}

/// One model's answers on the way to [`Predictions`].
struct Model {
    name: String,
    arm: Arm,
    grading: Grading,
    rows: Vec<PredictionRow>,
    /// Where each sample of each fold stands.
    seen: BTreeMap<(usize, SampleId), u64>,
}

fn of_table(
    file_name: &str,
    table: &Table,
    classes: &ClassNames,
) -> Result<(Vec<Predictions>, Vec<String>)> {
    let order = order(table, classes)?;
    let (score_of, note) = score_of(table, classes)?;
    let mut models: Vec<Model> = Vec::new();
    let mut contrary = 0;
    for line in &table.lines {
        let faulty = |found: String, remedy: &str| {
            unusable(format!("line {}: {found}", line.number), remedy)
        };
        let class = |what: &str, text: &str| {
            let choice = format!("choose from {}", classes.names().join(", "));
            label(classes, text).ok_or_else(|| faulty(format!("{what} '{text}'"), &choice))
        };
        let truth = class("true class", &line.truth)?;
        let answer = match &line.answer {
            Some(text) => Some(class("answer", text)?),
            None => None,
        };
        let alone = (answer, score_of);
        let probabilities = probabilities(line, order.as_deref(), alone, classes.len())
            .ok_or_else(|| {
                faulty(
                    format!("one probability for {} classes", classes.len()),
                    "give one a class",
                )
            })?;
        let row = PredictionRow {
            sample: line.sample.clone(),
            patient: line.patient.clone(),
            part: line.part,
            fold: line.fold,
            truth,
            probabilities,
        };
        contrary += usize::from(answer.is_some_and(|answer| answer != row.answer()));
        let name = line.model.clone().unwrap_or_else(|| file_name.to_owned());
        let arm = line.arm.unwrap_or(Arm::Radiomics);
        let at = models
            .iter()
            .position(|model| model.name == name)
            .unwrap_or_else(|| {
                let graded = !line.probabilities.is_empty() || line.score.is_some();
                models.push(Model {
                    name,
                    arm,
                    grading: if graded {
                        Grading::Probabilities
                    } else {
                        Grading::Answers
                    },
                    rows: Vec::new(),
                    seen: BTreeMap::new(),
                });
                models.len() - 1
            });
        let model = &mut models[at];
        let graded = !line.probabilities.is_empty() || line.score.is_some();
        if graded != (model.grading == Grading::Probabilities) {
            let found = format!("model '{}' with and without probabilities", model.name);
            return Err(faulty(found, "give a model one kind of answers"));
        }
        if model.arm != arm {
            let found = format!(
                "model '{}' in the arms {} and {}",
                model.name,
                model.arm.name(),
                arm.name()
            );
            return Err(faulty(found, "give every model one arm"));
        }
        if let Some(first) = model
            .seen
            .insert((row.fold, row.sample.clone()), line.number)
        {
            let found = format!(
                "model '{}' answers {} again, first on line {first}",
                model.name, row.sample
            );
            return Err(faulty(
                found,
                "give each sample one answer a model and fold (columns ID, Slice, Fold)",
            ));
        }
        model.rows.push(row);
    }
    let predictions = models.into_iter().map(|model| {
        let predictions = Predictions::new(model.name, model.arm, classes.clone(), model.rows)
            .map_err(|fault| unusable(fault.to_string(), "give probabilities that sum to one"))?;
        Ok(predictions.graded(model.grading))
    });
    against_answers(table, classes, contrary)?;
    let mut notes: Vec<String> = note.into_iter().collect();
    if contrary > 0 {
        notes.push(format!(
            "{contrary} line(s) whose answer is not the most probable class: the probabilities are judged"
        ));
    }
    Ok((predictions.collect::<Result<_>>()?, notes))
}

/// Of every class its place among a table's probability columns; none where the table has none.
fn order(table: &Table, classes: &ClassNames) -> Result<Option<Vec<usize>>> {
    if table.classes.is_empty() {
        return Ok(None);
    }
    let places = classes.names().iter().map(|name| {
        let mut own = table.classes.iter();
        own.position(|own| own.eq_ignore_ascii_case(name))
    });
    let places: Option<Vec<usize>> = places.collect();
    let places = places.filter(|places| places.len() == table.classes.len());
    places.map(Some).ok_or_else(|| {
        unusable(
            format!("probabilities of {}", table.classes.join(", ")),
            "give all files probabilities of the same classes",
        )
        .expected(classes.names().join(", "))
    })
}

/// A line's probabilities in the order of the classes; none for a single one of more than two classes.
fn probabilities(
    line: &Line,
    order: Option<&[usize]>,
    (answer, score_of): (Option<Label>, Label),
    classes: usize,
) -> Option<Vec<f64>> {
    if let Some(order) = order
        && !line.probabilities.is_empty()
    {
        return Some(
            order
                .iter()
                .map(|&place| line.probabilities[place])
                .collect(),
        );
    }
    match (line.score, answer) {
        (Some(score), _) => (classes == 2).then(|| match score_of {
            Label(0) => vec![score, 1.0 - score],
            _ => vec![1.0 - score, score],
        }),
        (None, Some(answer)) => {
            let certain = |k: usize| f64::from(u8::from(k == answer.0));
            Some((0..classes).map(certain).collect())
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(texts: &[&str]) -> Result<Answers, Faults> {
        let names = ["a.csv", "b.csv", "c.csv"];
        let files: Vec<File<'_>> = names
            .iter()
            .zip(texts)
            .map(|(name, text)| (Path::new(*name), text.as_bytes().to_vec()))
            .collect();
        read(&files, &[])
    }

    #[test]
    fn files_of_three_programs_stand_side_by_side() {
        let read = answers(&[
            "PatientID;y_true;p_mild;p_severe\n1;mild;0.75;0.25\n2;severe;0.5;0.5\n",
            "subject,truth,Prob_Severe,Prob_Mild\n1,Mild,0.1,0.9\n2,severe,0.7,0.3\n",
            "patient\tlabel\tprediction\n1\tmild\tsevere\n2\tsevere\tsevere\n",
        ])
        .unwrap();
        let names: Vec<&str> = read.models.iter().map(Predictions::model).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(read.models[1].rows()[0].probabilities, [0.9, 0.1]);
        assert_eq!(read.models[2].rows()[0].probabilities, [0.0, 1.0]);
        assert_eq!(read.models[2].grading(), Grading::Answers);
        assert_eq!(read.models[0].grading(), Grading::Probabilities);
    }

    #[test]
    fn one_score_is_that_of_the_second_class() {
        let read = answers(&[
            "id,y,prob\nx,0,0.2\nz,1,0.9\n",
            "id,y,yhat\nx,0.0,0\nz,1.0,1\n",
        ])
        .unwrap();
        assert_eq!(read.models[0].classes().names(), ["0", "1"]);
        assert_eq!(read.models[0].rows()[1].probabilities, [1.0 - 0.9, 0.9]);
        assert_eq!(read.models[1].rows()[1].truth, Label(1));
        let said = read
            .warnings
            .iter()
            .map(|w| w.found.clone())
            .collect::<String>();
        assert!(said.contains("each ID counts as a patient"), "{said}");
    }

    #[test]
    fn whose_score_it_is_is_said_named_or_refused() {
        let said = |text: &str| {
            let read = answers(&[text]).unwrap();
            let notes = read.warnings.iter().map(|warning| warning.found.clone());
            (
                read.models[0].rows()[0].probabilities.clone(),
                notes.collect::<String>(),
            )
        };
        let (p, note) = said("patient,y,prob\n1,ill,0.75\n2,well,0.25\n");
        assert_eq!(p, [0.25, 0.75]);
        assert!(
            note.contains("'prob' taken for the probability of 'well', the second of ill and well"),
            "{note}"
        );
        let (p, note) = said("patient,y,p_ill\n1,ill,0.75\n2,well,0.25\n");
        assert_eq!(
            (p, note.contains("taken for the probability")),
            (vec![0.75, 0.25], false)
        );
        // The answers say that it is the first class's.
        let text = "patient,y,pred,prob\n1,ill,ill,0.75\n2,well,well,0.25\n3,ill,well,0.4\n";
        let fault = answers(&[text]).unwrap_err().to_string();
        assert!(
            fault.contains("goes against the answer in 3 lines")
                && fault.contains("p_ill or p_well"),
            "{fault}"
        );
        let fault = answers(&["patient,y,p_value\n1,a,0.5\n2,b,0.5\n"]).unwrap_err();
        assert!(
            fault.to_string().contains("probability of 'value'"),
            "{fault}"
        );
    }

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders() {
        let text = |id: &str| format!("id,y,pred\n{id},a,b\nw,b,b\n").into_bytes();
        let file = |path, id| (Path::new(path), text(id));
        let files = [
            file("svc/p.csv", "x"),
            file("cnn/p.csv", "x"),
            file("q.csv", "x"),
        ];
        let read = read(&files, &[]).unwrap();
        let names: Vec<&str> = read.models.iter().map(Predictions::model).collect();
        assert_eq!(names, ["svc/p", "cnn/p", "q"]);
    }

    #[test]
    fn folds_are_numbered_anew() {
        let read = answers(&["patient,y,pred,fold\n1,a,b,4000000000\n2,b,b,3\n"]).unwrap();
        let folds: Vec<usize> = read.models[0].rows().iter().map(|row| row.fold).collect();
        assert_eq!(folds, [1, 0]);
    }

    #[test]
    fn one_name_in_two_files_is_joined_or_told_apart() {
        let (first, second) = ("id,y,pred,model\nx,a,b,m\n", "id,y,pred,model\nz,b,b,m\n");
        let read = answers(&[first, second]).unwrap();
        assert_eq!((read.models.len(), read.models[0].rows().len()), (1, 2));
        let said = |warning: &Warning| warning.found.contains("in each of 2 files");
        assert!(read.warnings.iter().any(said), "{:?}", read.warnings);
        let read = answers(&[first, second, first]).unwrap();
        let names: Vec<&str> = read.models.iter().map(Predictions::model).collect();
        assert_eq!(names, ["m", "m (2)"]);
    }

    #[test]
    fn rounded_probabilities_are_mended_and_others_refused() {
        let read =
            answers(&["patient,y,p_a,p_b,p_c\n1,a,0.33,0.33,0.33\n2,b,0.2,0.5,0.3\n"]).unwrap();
        assert!((read.models[0].rows()[0].probabilities[0] - 1.0 / 3.0).abs() < 1e-12);
        for (text, said) in [
            (
                "patient,y,p_a,p_b\n1,a,0.5,0.2\n",
                "line 2: probabilities summing to 0.7",
            ),
            (
                "patient,y,p_a,p_b\n1,a,-0.5,1.5\n",
                "line 2: probability '-0.5'",
            ),
            (
                "patient,y,p_a,p_b\n1,a,nan,1\n",
                "line 2: probability 'nan'",
            ),
            ("patient,y,p_a,p_b\n1,a,,1\n", "line 2: probability ''"),
            ("patient,y,p_a,p_b\n1,c,0.5,0.5\n", "line 2: true class 'c'"),
            ("patient,y,p_a,p_b\n1,,0.5,0.5\n", "line 2: no true class"),
            ("patient,y,pred\n1,a,\n", "line 2: no answer"),
            ("patient,y,pred\n1,a,a\n", "one class only"),
            (
                "patient,y,score\n1,a,0.5\n2,b,0.5\n3,c,0.1\n",
                "one probability for 3 classes",
            ),
            ("patient,y,score\n1,a,2.5\n", "decision values"),
            ("id,patient,y,pred\nx,1,a,b\nx,1,a,a\n", "first on line 2"),
            ("patient,y,pred,split\n1,a,b,holdout7\n", "part 'holdout7'"),
            ("patient,y,pred,fold\n1,a,b,-1\n", "fold '-1'"),
            ("patient,y,pred\n", "a header without rows"),
            ("", "columns"),
        ] {
            let fault = answers(&[text]).unwrap_err().to_string();
            assert!(
                fault.contains(said) && fault.contains("a.csv"),
                "{text:?}: {fault}"
            );
        }
        let other = answers(&["id,y,p_a,p_b\nx,a,1,0\n", "id,y,p_a,p_c\nx,a,1,0\n"]).unwrap_err();
        assert!(
            other.to_string().contains("probabilities of a, c"),
            "{other}"
        );
    }
}
