//! How much work a study puts in.

use super::learners::SHUFFLES;
use super::{
    CohortSettings, FeatureSettings, IbsiSettings, ImageSettings, InputModeName, LearnerSettings,
    NetworkSettings, NonfiniteName, ProfileName, ReportSettings, Settings, SharedPatientsName,
    SplitSettings, TuneName,
};
use crate::cli::PresetName;
use crate::phantom::PhantomSettings;

/// The settings a preset starts from.
pub fn settings(preset: PresetName) -> Settings {
    match preset {
        PresetName::Quick => quick(),
        PresetName::Paper => paper(),
        PresetName::Full => full(),
    }
}

/// The published recipe of the deep arm and the published shares; scikit-learn's learners.
fn paper() -> Settings {
    let phantom = PhantomSettings::default();
    Settings {
        name: "phantom".into(),
        cohort: CohortSettings {
            path: None,
            sequence: None,
            label: None,
            phantom_patients: phantom.patients,
            images: ImageSettings::default(),
        },
        split: SplitSettings {
            test: 0.1,
            valid: 0.1,
            folds: None,
            seed: phantom.seed,
            file: None,
            published: false,
            shared_patients: SharedPatientsName::Refuse,
        },
        features: FeatureSettings {
            profile: ProfileName::Pyradiomics,
            parameters: None,
            set: Vec::new(),
            ibsi: IbsiSettings::default(),
            bin_width: None,
            bin_count: None,
            families: Vec::new(),
            min_pixels: 2,
            nonfinite: NonfiniteName::Refuse,
        },
        learners: LearnerSettings::default(),
        networks: NetworkSettings {
            enabled: true,
            names: ["resnet18", "mobilenet_v3_small"]
                .map(str::to_owned)
                .to_vec(),
            input: InputModeName::Whole,
            image_size: 256,
            batch_size: 32,
            learning_rate: 1e-4,
            weight_decay: 1e-5,
            epochs: 100,
            patience: 20,
            augment: true,
            warm_start_statistics: false,
            set: serde_json::Map::new(),
            pretrained: None,
            export: None,
            grad_cam: 0,
            keep_weights: true,
        },
        report: ReportSettings {
            bootstrap: 2000,
            confidence: 0.95,
        },
    }
}

/// Minutes on two cores: crops of the region at 64 x 64 and few epochs of small batches at a higher
/// rate, since the networks start from scratch; a larger test part, since the cohort is small.
fn quick() -> Settings {
    let mut settings = paper();
    settings.split.test = 0.2;
    settings.split.valid = 0.15;
    settings.networks.input = InputModeName::Crop;
    settings.networks.image_size = 64;
    settings.networks.batch_size = 16;
    settings.networks.learning_rate = 1e-3;
    settings.networks.epochs = 8;
    settings.networks.patience = 4;
    settings.networks.warm_start_statistics = true;
    settings
}

/// Networks of [`full`], one or more of every design of the paper: the small forms where the published ones need a GPU
/// (a batch of MambaVision-T takes a processor as long as ten of ResNet-34), and three variants of ResNet for a table.
const NETWORKS_OF_FULL: [&str; 10] = [
    "vgg_micro",
    "resnet_micro",
    "resnet18",
    "resnet34",
    "mobilenet_v3_small",
    "convnext_micro",
    "pvt_v2_micro",
    "vim_micro",
    "medmamba_micro",
    "mambavision_micro",
];

/// Every table, figure and check that a run can have, in an hour or a few on two cores.
///
/// * Learners: every back end, each searched on its small grid in folds of the training rows, with importance, SHAP and
///   learning curves.
/// * Networks: [`NETWORKS_OF_FULL`] on crops of 64 x 64 as in [`quick`], since a slice of 256 x 256 costs sixteen times as
///   much and a single published network then takes a night. 20 epochs, stopped after 6 below the best: a few hundred
///   patients at a learning rate of 1e-3 are learned by then.
/// * Shares of the split as in [`quick`]: the cohorts that a processor can learn from are small.
fn full() -> Settings {
    let mut settings = quick();
    settings.learners.names = vec!["all".into()];
    settings.learners.tune = TuneName::Light;
    settings.learners.importance = SHUFFLES;
    settings.learners.shap = true;
    settings.learners.learning_curve = true;
    settings.networks.names = NETWORKS_OF_FULL.map(str::to_owned).to_vec();
    settings.networks.epochs = 20;
    settings.networks.patience = 6;
    settings.networks.grad_cam = PICTURES;
    settings
}

/// Pictures of where each network looks.
const PICTURES: usize = 12;
