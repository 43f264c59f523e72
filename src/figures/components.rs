//! Every patient on a map of the first two principal components of the features, by class, part and site.

use raduet_learners::Samples;
use raduet_learners::preprocess::{ComponentCount, Pca, Preprocess, Undefined};
use raduet_study::{ClassNames, Part};

use super::kit::axis::{BELOW, BESIDE, Grid, Plot, round_range};
use super::kit::legend::{self, Entry, Sample};
use super::kit::marks::Mark;
use super::kit::panels::Panels;
use super::kit::scene::Scene;
use super::kit::style::{Role, of_panels};
use super::patients::{Patient, Patients};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};

/// More sites than this are not told apart.
const MOST_SITES: usize = 8;
const MARK: f64 = 1.9;

/// Which group of a panel a patient belongs to.
type Key<'a> = Box<dyn Fn(&Patient) -> usize + 'a>;

/// A map: places of all patients, and shares of the variance.
struct Map {
    places: Vec<(f64, f64)>,
    shares: [f64; 2],
}

/// Adds the figure.
pub(super) fn draw(patients: &Patients, classes: &ClassNames, drawn: &mut Drawn) {
    let map = match map(patients, classes) {
        Ok(map) => map,
        Err(why) => {
            drawn
                .left_out
                .push(format!("map of principal components: {why}"));
            return;
        }
    };
    let caption = format!(
        "The first two principal components of the standardised features ({} columns, without constant and undefined ones, \
         single undefined values at the median), fitted on the training part ({}; of the first fold where there are \
         several) and applied to all ({}); the mean of each patient's rows. In brackets the share of the training part's \
         variance.{}",
        patients.columns.len(),
        Patients::counted(&patients.training()),
        Patients::counted(&patients.rows.iter().collect::<Vec<_>>()),
        if patients.sites {
            ""
        } else {
            " Sites are not known."
        },
    );
    let mut table = Table::new(&["PatientID", "class", "part", "site", "pc1", "pc2"]);
    for (patient, place) in patients.rows.iter().zip(&map.places) {
        table.put(row![
            patient.id.as_str(),
            classes.name(patient.label),
            part(patient.part),
            &patient.site,
            place.0,
            place.1,
        ]);
    }
    let scene = scene(patients, classes, &map);
    drawn.figures.push(Figure::new(
        "feature_components",
        Section::Features,
        "Patients by principal components",
        caption,
        (scene, table),
    ));
}

fn map(patients: &Patients, classes: &ClassNames) -> Result<Map, String> {
    let training = patients.training();
    let settings = Preprocess {
        undefined: Undefined::Median,
        pca: Some(Pca {
            n_components: Some(ComponentCount::Count(2)),
        }),
        ..Preprocess::default()
    };
    let samples = Samples::new(
        training.iter().flat_map(|row| row.values.clone()).collect(),
        patients.columns.clone(),
        training.iter().map(|row| row.label).collect(),
        classes.clone(),
    );
    let samples = samples.map_err(|fault| fault.to_string())?;
    let (fitted, _) = settings.fit(&samples).map_err(|fault| fault.to_string())?;
    if fitted.width() < 2 {
        return Err("features vary in one direction only".to_owned());
    }
    let table = patients.table().ok_or("no table")?;
    let all: Vec<usize> = (0..patients.rows.len()).collect();
    let places = fitted
        .transform(&table, &all)
        .map_err(|fault| fault.to_string())?;
    let record = fitted.record().iter().find(|step| step.step == "pca");
    let share = |at: usize| {
        record
            .and_then(|step| step.columns.get(at)?.score)
            .ok_or("no share of the variance")
    };
    Ok(Map {
        places: places
            .chunks_exact(2)
            .map(|place| (place[0], place[1]))
            .collect(),
        shares: [share(0)?, share(1)?],
    })
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Train => "training",
        Part::Valid => "validation",
        Part::Test => "test",
    }
}

fn scene(patients: &Patients, classes: &ClassNames, map: &Map) -> Scene {
    let parts = [Part::Train, Part::Valid, Part::Test];
    let mut sites: Vec<&str> = patients.rows.iter().map(|row| row.site.as_str()).collect();
    sites.sort_unstable();
    sites.dedup();
    let told = patients.sites && (2..=MOST_SITES).contains(&sites.len());
    let mut keys: Vec<(&str, Vec<&str>, Key<'_>)> = vec![
        (
            "class",
            classes.names().iter().map(String::as_str).collect(),
            Box::new(|row| row.label.0),
        ),
        (
            "part of the split",
            parts.map(part).to_vec(),
            Box::new(move |row| parts.iter().position(|part| *part == row.part).unwrap_or(0)),
        ),
    ];
    if told {
        let names = sites.clone();
        keys.push((
            "site",
            sites.clone(),
            Box::new(move |row| names.iter().position(|site| *site == row.site).unwrap_or(0)),
        ));
    }
    let columns = keys.len();
    let mut panels = Panels {
        width: of_panels(columns),
        columns,
        beside: BESIDE,
        below: BELOW,
        height: 0.0,
        above: 0.0,
    };
    panels.height = panels.plot_width();
    let entries = |names: &[&str]| -> Vec<Entry> {
        let names = names.iter().enumerate();
        let entry = names.map(|(at, name)| Entry {
            sample: Sample::Mark(Mark::of_class(at), Role::Class(at).into()),
            name: (*name).to_owned(),
        });
        entry.collect()
    };
    let width = panels.plot_width();
    let heights = keys
        .iter()
        .map(|(_, names, _)| legend::height(&entries(names), width));
    panels.below += heights.fold(0.0, f64::max) + 3.0;
    let mut scene = Scene::new(panels.width, panels.total(columns) + 2.0);
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = map.places.iter().map(of);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        round_range(low, values.fold(f64::NEG_INFINITY, f64::max), 4)
    };
    let (x, y) = (range(|place| place.0), range(|place| place.1));
    let name = |number: usize, share: f64| format!("PC {number} ({:.0} %)", 100.0 * share);
    for (at, (title, names, key)) in keys.iter().enumerate() {
        let sides = panels.sides(0.0, at);
        let plot = Plot::new(sides, x, y);
        let up = if at == 0 {
            name(2, map.shares[1])
        } else {
            String::new()
        };
        plot.axes(
            &mut scene,
            [&name(1, map.shares[0]), &up],
            [4, 4],
            Grid::Both,
        );
        Panels::name(&mut scene, sides, title);
        for (patient, place) in patients.rows.iter().zip(&map.places) {
            let group = key(patient);
            let role = Role::Class(group);
            Mark::of_class(group).draw(&mut scene, plot.at(place.0, place.1), MARK, role);
        }
        let [left, top, width, height] = sides;
        legend::draw(
            &mut scene,
            (left, top + height + BELOW + 1.0),
            width,
            &entries(names),
        );
    }
    scene
}
