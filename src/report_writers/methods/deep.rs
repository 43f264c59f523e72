//! What networks learned, and how.

use std::fmt::Write;

use raduet_study::Arm;
use serde_json::Value;

use super::super::escape::markdown as escaped;
use super::{listed, plural};
use crate::checklists::{Facts, number};
use crate::report_writers::tables::entries;

/// Networks by what their names begin with, and their works.
const NETWORKS: [(&str, &str); 8] = [
    ("vgg", "@simonyan2015vgg"),
    ("resnet", "@he2016resnet"),
    ("mobilenet_v3", "@howard2019mobilenetv3"),
    ("convnext", "@liu2022convnext"),
    ("pvt_v2", "@wang2022pvt"),
    ("vim", "@zhu2024vim"),
    ("medmamba", "@yue2024medmamba"),
    ("mambavision", "@hatamizadeh2024mambavision"),
];

pub(super) fn networks(facts: &Facts<'_>) -> String {
    let names = facts.names(Arm::Deep);
    if names.is_empty() || facts.study.is_none() {
        return String::new();
    }
    let named: Vec<String> = names
        .iter()
        .map(|name| {
            let work = NETWORKS.iter().find(|(begins, _)| name.starts_with(begins));
            match work {
                Some((_, work)) => format!("{} [{work}]", escaped(name)),
                None => escaped(name),
            }
        })
        .collect();
    let mut text = format!(
        "{} trained on the slices themselves: {}. ",
        plural(names.len(), "network was", "networks were"),
        listed(&named)
    );
    if let Some(settings) = first(facts) {
        text.push_str(&input(settings));
        text.push_str(&recipe(settings));
    }
    text.push_str(&beginning(&names));
    text.trim_end().to_owned()
}

/// From which weights training began; where networks differ, which from which.
fn beginning(names: &[&str]) -> String {
    let (pretrained, random): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| entries::is_pretrained(name));
    let named = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
        listed(&names)
    };
    match (pretrained.is_empty(), random.is_empty()) {
        (true, _) => "Training began from random weights. ".to_owned(),
        (false, true) => "Training began from pretrained weights. ".to_owned(),
        (false, false) => format!(
            "Training of {} began from pretrained weights, that of {} from random ones. ",
            named(&pretrained),
            named(&random)
        ),
    }
}

/// The settings of the first network; those of the others differ in their name only.
fn first<'a>(facts: &Facts<'a>) -> Option<&'a Value> {
    let models = facts.kept.models.as_array()?;
    let network = models.iter().find(|model| model["arm"] == "deep")?;
    Some(&network["settings"])
}

fn input(settings: &Value) -> String {
    let side = number(&settings["image_size"]).unwrap_or_default();
    let what = match settings["input"].as_str() {
        Some("crop") => "the square around the region with a margin",
        Some("masked") => "the square around the region, blank outside the region",
        _ => "the whole slice",
    };
    format!("They saw {what}, at {side} × {side} pixels. ")
}

fn recipe(settings: &Value) -> String {
    let value = |name: &str| number(&settings[name]).unwrap_or_default();
    let mut text = match settings["optimiser"]["kind"].as_str() {
        Some("sgd") => "Optimiser was stochastic gradient descent with momentum".to_owned(),
        _ => "Optimiser was AdamW [@loshchilov2019adamw]".to_owned(),
    };
    let _ = write!(
        text,
        " (learning rate {}, weight decay {}, batches of {}), ",
        value("learning_rate"),
        value("weight_decay"),
        value("batch_size")
    );
    text.push_str(match settings["schedule"]["kind"].as_str() {
        Some("plateau") => "the rate falling where the validation loss stood still. ",
        Some("cosine") => "the rate falling as half a cosine [@loshchilov2017sgdr]. ",
        Some("step") => "the rate falling by steps. ",
        Some("constant") => "the rate constant. ",
        _ => "the rate scheduled as run.json tells. ",
    });
    if settings["loss"]["focal"]
        .as_f64()
        .is_some_and(|gamma| gamma > 0.0)
    {
        text.push_str("The loss was focal [@lin2017focal]. ");
    } else {
        text.push_str("The loss was cross-entropy. ");
    }
    if settings["loss"]["class_weight"] == "balanced" {
        text.push_str("Classes were weighted. ");
    }
    let augments = settings["augment"].as_object();
    let on: Vec<String> = augments
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "probability" && value.as_f64().is_some_and(|v| v > 0.0))
        .map(|(name, _)| name.replace('_', " "))
        .collect();
    if on.is_empty() {
        text.push_str("Training slices were not augmented. ");
    } else {
        let mixup = if on.iter().any(|name| name == "mixup") {
            " [@zhang2018mixup]"
        } else {
            ""
        };
        let _ = write!(
            text,
            "Training slices were augmented by {}{mixup}. ",
            listed(&on)
        );
    }
    let _ = write!(
        text,
        "Training took at most {} and ended after {} without a better {}; the weights of the best epoch were kept. ",
        epochs(&settings["epochs"]),
        epochs(&settings["patience"]),
        settings["monitor"]
            .as_str()
            .unwrap_or("validation")
            .replace("valid_", "validation ")
            .replace('_', " ")
    );
    text
}

fn epochs(value: &Value) -> String {
    let count = value.as_u64().and_then(|n| usize::try_from(n).ok());
    plural(count.unwrap_or_default(), "epoch", "epochs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_networks_that_began_so_are_called_pretrained() {
        assert_eq!(
            beginning(&["resnet18:pretrained", "vim_tiny"]),
            "Training of resnet18:pretrained began from pretrained weights, that of vim\\_tiny from random ones. "
        );
        assert!(beginning(&["a", "b"]).contains("began from random weights"));
        assert!(beginning(&["a:pretrained"]).contains("began from pretrained weights"));
    }
}
