//! How high curves run, and how far they may be off: vertical averages and pointwise percentile bands over
//! patients.
//!
//! A curve's height is read on a grid across (Fawcett 2006, doi 10.1016/j.patrec.2005.10.010, vertical averaging):
//! the true positive rate at 0, 0.01, …, 1 of the false positive rate, at a jump the upper end; and the precision at
//! 0.01, 0.02, …, 1 of recall, at the highest threshold that reaches it. A resample draws patients with all their
//! samples, the same draws as every interval of the report. The macro curve is the mean over classes at each place of
//! the grid. Bands are pointwise: at each place apart the truth lies within with the stated confidence.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::error::Result;
use crate::ids::PatientId;
use crate::labels::{ClassNames, Label};
use crate::metrics::Ranking;
use crate::predictions::PredictionRow;
use crate::uncertainty::{Bootstrap, draw, percentile};

/// Places of the grid of ROC; that of PR lacks the first, where precision is not defined.
const PLACES: usize = 101;
/// Largest share of resamples without a curve, as for the intervals of figures.
const UNDEFINED_LIMIT: f64 = 0.05;

/// Heights of a curve on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Places across.
    pub at: Vec<f64>,
    /// Height of everyone's curve.
    pub height: Vec<f64>,
    /// Lower and upper ends at each place; empty where more than 5 % of the resamples have no curve.
    pub ends: Vec<(f64, f64)>,
}

/// The curves of one model: one entry a class, `None` where the class, or any other, does not occur.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// ROC of each class.
    pub roc: Vec<Option<Band>>,
    /// PR of each class.
    pub precision_recall: Vec<Option<Band>>,
    /// Mean over the classes, where all of them have a curve.
    pub macro_roc: Option<Band>,
    /// The same of PR.
    pub macro_precision_recall: Option<Band>,
}

impl Curves {
    /// Curves with their bands.
    ///
    /// # Errors
    /// Those of [`Bootstrap::checked`].
    pub fn new(classes: &ClassNames, rows: &[PredictionRow], bootstrap: Bootstrap) -> Result<Self> {
        let settings = bootstrap.checked()?;
        let patients: BTreeMap<&PatientId, usize> = {
            let mut found: BTreeMap<&PatientId, usize> =
                rows.iter().map(|row| (&row.patient, 0)).collect();
            for (number, place) in found.values_mut().enumerate() {
                *place = number;
            }
            found
        };
        let rankings: Vec<Ranked> = classes
            .labels()
            .map(|class| Ranked::new(rows, class, &patients))
            .collect();
        let everyone: Vec<Option<Heights>> = {
            let weights = vec![1; patients.len()];
            rankings
                .iter()
                .map(|ranking| ranking.heights(&weights))
                .collect()
        };
        let mut drawn = Drawn::new(rankings.len(), settings.resamples);
        // One patient cannot vary.
        if patients.len() > 1 {
            // Collected in order: the same values on any number of threads.
            let resamples = (0..settings.resamples).into_par_iter();
            let heights = resamples.map(|resample| -> Vec<Option<Heights>> {
                let weights = draw(settings.seed, resample, patients.len());
                rankings.iter().map(|r| r.heights(&weights)).collect()
            });
            for heights in heights.collect::<Vec<_>>() {
                drawn.add(heights);
            }
        }
        let all: Option<Vec<Heights>> = everyone.iter().cloned().collect();
        let whole = all.map(|heights| mean(&heights));
        let band = |heights: &Option<Heights>, resampled: &[Heights]| {
            heights
                .as_ref()
                .map(|heights| settings.bands(heights, resampled))
        };
        let bands: Vec<Option<[Band; 2]>> = everyone
            .iter()
            .zip(&drawn.classes)
            .map(|(h, r)| band(h, r))
            .collect();
        let whole = band(&whole, &drawn.whole);
        let of = |which: usize| {
            bands
                .iter()
                .map(|b| b.as_ref().map(|b| b[which].clone()))
                .collect()
        };
        Ok(Self {
            roc: of(0),
            precision_recall: of(1),
            macro_roc: whole.as_ref().map(|b| b[0].clone()),
            macro_precision_recall: whole.map(|[_, pr]| pr),
        })
    }
}

/// Heights of both curves of a class on their grids.
#[derive(Debug, Clone, PartialEq)]
struct Heights {
    roc: Vec<f64>,
    precision: Vec<f64>,
}

fn mean(classes: &[Heights]) -> Heights {
    let over = |of: fn(&Heights) -> &Vec<f64>| {
        let places = 0..of(&classes[0]).len();
        let sum = |place: usize| {
            classes
                .iter()
                .map(|heights| of(heights)[place])
                .sum::<f64>()
        };
        places
            .map(|place| sum(place) / classes.len() as f64)
            .collect()
    };
    Heights {
        roc: over(|heights| &heights.roc),
        precision: over(|heights| &heights.precision),
    }
}

/// Heights in the resamples.
struct Drawn {
    classes: Vec<Vec<Heights>>,
    /// Means over the classes, of the resamples in which all have a curve.
    whole: Vec<Heights>,
}

impl Drawn {
    fn new(classes: usize, resamples: usize) -> Self {
        Self {
            classes: vec![Vec::with_capacity(resamples); classes],
            whole: Vec::with_capacity(resamples),
        }
    }

    fn add(&mut self, heights: Vec<Option<Heights>>) {
        let all: Option<Vec<Heights>> = heights.iter().cloned().collect();
        self.whole.extend(all.map(|heights| mean(&heights)));
        for (kept, heights) in self.classes.iter_mut().zip(heights) {
            kept.extend(heights);
        }
    }
}

impl Bootstrap {
    /// Both curves with their ends.
    fn bands(self, heights: &Heights, resampled: &[Heights]) -> [Band; 2] {
        let missing = (self.resamples - resampled.len()) as f64;
        let enough = !resampled.is_empty() && missing <= UNDEFINED_LIMIT * self.resamples as f64;
        let ends = |of: fn(&Heights) -> &Vec<f64>| -> Vec<(f64, f64)> {
            let places = if enough { of(heights).len() } else { 0 };
            let end = |place: usize| {
                let mut values: Vec<f64> = resampled.iter().map(|drawn| of(drawn)[place]).collect();
                values.sort_unstable_by(f64::total_cmp);
                let interval = percentile(&values, self.confidence);
                (interval.lower, interval.upper)
            };
            (0..places).into_par_iter().map(end).collect()
        };
        [
            Band {
                at: (0..PLACES).map(place).collect(),
                height: heights.roc.clone(),
                ends: ends(|heights| &heights.roc),
            },
            Band {
                at: (1..PLACES).map(place).collect(),
                height: heights.precision.clone(),
                ends: ends(|heights| &heights.precision),
            },
        ]
    }
}

fn place(number: usize) -> f64 {
    number as f64 / (PLACES - 1) as f64
}

/// The share of a whole number at a place, exact where it is a whole number too.
fn part(number: usize, whole: f64) -> f64 {
    number as f64 * whole / (PLACES - 1) as f64
}

/// A class's probability of all samples, sorted.
struct Ranked {
    class: u32,
    ranking: Ranking,
}

impl Ranked {
    fn new(rows: &[PredictionRow], class: Label, patients: &BTreeMap<&PatientId, usize>) -> Self {
        let scores: Vec<f64> = rows.iter().map(|row| row.probabilities[class.0]).collect();
        let truths: Vec<usize> = rows.iter().map(|row| row.truth.0).collect();
        let owners: Vec<usize> = rows.iter().map(|row| patients[&row.patient]).collect();
        Self {
            // The ranking holds no more classes than that.
            class: u32::try_from(class.0).unwrap_or(u32::MAX),
            ranking: Ranking::new(&scores, &truths, &owners),
        }
    }

    /// Others and samples of the class of each group of equal probability, the highest first.
    fn groups(&self, weights: &[u32]) -> impl Iterator<Item = (u64, u64)> {
        self.ranking.groups_from_the_top().map(move |group| {
            let mut counts = (0, 0);
            for &(truth, owner) in group {
                let weight = u64::from(weights[owner as usize]);
                if truth == self.class {
                    counts.1 += weight;
                } else {
                    counts.0 += weight;
                }
            }
            counts
        })
    }

    /// Heights with every patient counted as often as `weights` says; `None` where one kind has no weight.
    fn heights(&self, weights: &[u32]) -> Option<Heights> {
        let all = self.groups(weights);
        let (negatives, positives) = all.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        if positives == 0 || negatives == 0 {
            return None;
        }
        let (p, n) = (positives as f64, negatives as f64);
        let mut heights = Heights {
            roc: Vec::with_capacity(PLACES),
            precision: Vec::with_capacity(PLACES - 1),
        };
        let mut from = (0_u64, 0_u64);
        for (others, own) in self.groups(weights) {
            let (fp, tp) = (from.0 + others, from.1 + own);
            // A place between two corners lies on the line from one to the other.
            while let wanted = part(heights.roc.len(), n)
                && heights.roc.len() < PLACES
                && wanted < fp as f64
            {
                heights
                    .roc
                    .push(between(wanted, (from.0, from.1), (fp, tp)) / p);
            }
            while let wanted = part(heights.precision.len() + 1, p)
                && heights.precision.len() + 1 < PLACES
                && wanted <= tp as f64
            {
                let wrong = between(wanted, (from.1, from.0), (tp, fp));
                heights.precision.push(wanted / (wanted + wrong));
            }
            from = (fp, tp);
        }
        // At the right end everybody is called positive.
        heights.roc.resize(PLACES, 1.0);
        Some(heights)
    }
}

/// The second coordinate where the first is `at`, on the line between two points.
fn between(at: f64, from: (u64, u64), to: (u64, u64)) -> f64 {
    let share = (at - from.0 as f64) / (to.0 - from.0) as f64;
    from.1 as f64 + share * (to.1 - from.1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::corners::tests::row;
    use super::*;
    use crate::curves::ThresholdCurve;
    use crate::random::Stream;

    fn classes() -> ClassNames {
        ClassNames::new(["no", "yes"]).unwrap()
    }

    /// Heights by definition: the curve of rows repeated as often as their patient was drawn, read between its
    /// corners.
    fn plainly(rows: &[PredictionRow], class: Label, weights: &[u32]) -> Option<Heights> {
        let repeated: Vec<PredictionRow> = rows
            .iter()
            .flat_map(|row| {
                let patient: usize = row.patient.as_str().parse().unwrap();
                std::iter::repeat_n(row.clone(), weights[patient] as usize)
            })
            .collect();
        let curve = ThresholdCurve::new(&repeated, class)?;
        let (n, p) = (curve.negatives as f64, curve.positives as f64);
        let points: Vec<(f64, f64)> = curve
            .corners
            .iter()
            .map(|c| (c.false_positives as f64, c.true_positives as f64))
            .collect();
        // Of all points at a place: the highest of ROC, that of fewest false positives of PR.
        let roc = |at: f64| {
            points.windows(2).fold(0.0_f64, |best, w| {
                let ((x0, y0), (x1, y1)) = (w[0], w[1]);
                if at < x0 || at > x1 {
                    best
                } else if x1 > x0 {
                    best.max(y0 + (y1 - y0) * (at - x0) / (x1 - x0))
                } else {
                    best.max(y1)
                }
            })
        };
        let wrong = |at: f64| {
            points.windows(2).fold(f64::INFINITY, |best, w| {
                let ((x0, y0), (x1, y1)) = (w[0], w[1]);
                if at < y0 || at > y1 {
                    best
                } else if y1 > y0 {
                    best.min(x0 + (x1 - x0) * (at - y0) / (y1 - y0))
                } else {
                    best.min(x0)
                }
            })
        };
        Some(Heights {
            roc: (0..PLACES).map(|k| roc(part(k, n)) / p).collect(),
            precision: (1..PLACES)
                .map(|k| part(k, p) / (part(k, p) + wrong(part(k, p))))
                .collect(),
        })
    }

    #[test]
    fn heights_agree_with_the_definition_under_any_weights() {
        let mut stream = Stream::new(5, "curves test", 0);
        for patients in [2, 5, 17] {
            let rows: Vec<PredictionRow> = (0..3 * patients)
                .map(|at| {
                    let truth = usize::from(stream.unit() < 0.4);
                    // Few values, so that many tie.
                    row(at % patients, stream.below(7) as f64 / 8.0, truth)
                })
                .collect();
            let places: Vec<PatientId> = (0..patients)
                .map(|p| PatientId::new(p.to_string()))
                .collect();
            let places: BTreeMap<&PatientId, usize> = places.iter().zip(0..).collect();
            for _ in 0..20 {
                let weights: Vec<u32> = (0..patients)
                    .map(|_| u32::try_from(stream.below(3)).unwrap())
                    .collect();
                for class in [Label(0), Label(1)] {
                    let found = Ranked::new(&rows, class, &places).heights(&weights);
                    let expected = plainly(&rows, class, &weights);
                    match (found, expected) {
                        (Some(found), Some(expected)) => {
                            let near = |a: &[f64], b: &[f64]| {
                                a.len() == b.len()
                                    && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
                            };
                            assert!(near(&found.roc, &expected.roc), "{found:?}\n{expected:?}");
                            assert!(near(&found.precision, &expected.precision));
                        }
                        (found, expected) => assert_eq!(found, expected),
                    }
                }
            }
        }
    }

    /// A perfect answer stays perfect whoever is drawn.
    #[test]
    fn a_perfect_answer_has_a_band_without_width() {
        let rows: Vec<PredictionRow> = (0..12)
            .map(|patient| {
                row(
                    patient,
                    if patient % 2 == 0 { 0.9 } else { 0.1 },
                    (patient + 1) % 2,
                )
            })
            .collect();
        let curves = Curves::new(&classes(), &rows, Bootstrap::default()).unwrap();
        let roc = curves.macro_roc.unwrap();
        assert_eq!(roc.ends.len(), PLACES);
        assert!(
            roc.ends
                .iter()
                .all(|&(low, high)| (low - 1.0).abs() < 1e-15 && (high - 1.0).abs() < 1e-15)
        );
        let pr = curves.precision_recall[1].as_ref().unwrap();
        assert!(
            pr.height
                .iter()
                .all(|&precision| (precision - 1.0).abs() < 1e-15)
        );
        assert_eq!(pr.at.first(), Some(&0.01));
    }

    #[test]
    fn without_a_class_there_is_no_curve_and_one_patient_has_no_band() {
        let rows = [row(0, 0.9, 1), row(1, 0.3, 1)];
        let curves = Curves::new(&classes(), &rows, Bootstrap::default()).unwrap();
        assert_eq!((curves.roc, curves.macro_roc), (vec![None, None], None));
        let rows = [row(0, 0.9, 1), row(0, 0.3, 0)];
        let curves = Curves::new(&classes(), &rows, Bootstrap::default()).unwrap();
        assert_eq!(curves.roc[1].as_ref().unwrap().ends, []);
    }
}
