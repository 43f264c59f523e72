//! How much work a study puts in.

use super::{
    CohortSettings, FeatureSettings, IbsiSettings, InputModeName, LearnerSettings, NetworkSettings,
    NonfiniteName, ProfileName, ReportSettings, Settings, SharedPatientsName, SplitSettings,
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
            volume: None,
            phantom_patients: phantom.patients,
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

/// The published recipe with everything that is registered.
fn full() -> Settings {
    let mut settings = paper();
    settings.learners.names = vec!["all".into()];
    settings.networks.names = vec!["all".into()];
    settings
}
