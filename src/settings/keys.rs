//! Every key of a study file: what it means, and an example for one that has no value.

/// A key: its place, its meaning, an example of its value where it may have none.
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) means: &'static str,
    pub(super) example: &'static str,
}

const fn key(path: &'static str, means: &'static str) -> Key {
    optional(path, means, "")
}

const fn optional(path: &'static str, means: &'static str, example: &'static str) -> Key {
    Key {
        path,
        means,
        example,
    }
}

/// Tables whose keys are fixed; below any other place a table is a value of its own.
pub(super) const TABLES: [&str; 8] = [
    "cohort",
    "cohort.images",
    "split",
    "features",
    "features.ibsi",
    "learners",
    "networks",
    "report",
];

/// Places whose tables are checked by the rooms they are for. There the word `none` stands for no value, which TOML lacks.
pub(super) const FREE: [&str; 3] = ["learners.set", "learners.preprocess", "networks.set"];

/// All keys in the order they are printed.
#[rustfmt::skip]
pub(super) const KEYS: [Key; 57] = [
    key("name", "Shown in the head of the report"),

    optional("cohort.path", "Manifest (.csv) or folder, relative to this file; without it the built-in phantom cohort", "\"manifest.csv\""),
    optional("cohort.sequence", "Keep only cases of this sequence", "\"T2W\""),
    optional("cohort.label", "Value of the region in the masks, where they hold several", "1"),
    key("cohort.phantom_patients", "Patients of the phantom cohort"),
    optional("cohort.images.series", "The DICOM series of folders that hold several, by its UID", "\"1.2.3\""),
    optional("cohort.images.volume", "The volume of files that hold several, counted from 0", "0"),
    key("cohort.images.resample_mask", "Bring masks on another grid onto the image's, by the nearest voxel"),
    key("cohort.images.allow_external_data", "Open data files that a header names outside its own folder"),

    key("split.test", "Share of patients in the test part, which judges and chooses nothing"),
    key("split.valid", "Share of patients in the validation part, which chooses models and epochs"),
    optional("split.folds", "Cross-validation with this many folds in place of one test part", "5"),
    key("split.seed", "Where all randomness of the study starts"),
    optional("split.file", "A split made before, in place of one that is drawn", "\"split.json\""),
    key("split.published", "Take the parts that the manifest or the folders name"),
    key("split.shared_patients", "A patient in several published parts: refuse, drop, or strictest (keep in the part used latest)"),

    key("features.profile", "Whose names, defaults and values: pyradiomics or ibsi"),
    optional("features.parameters", "A parameter file of PyRadiomics, taken unchanged", "\"params.yaml\""),
    key("features.set", "Settings by PyRadiomics' names, such as \"normalize:true\"; they win over the parameter file"),
    optional("features.bin_width", "Width of a grey-level bin in image units [the parameter file's, else 25]", "25.0"),
    optional("features.bin_count", "Number of grey-level bins, in place of a width", "32"),
    key("features.families", "Feature families by id; none for all that suit slices"),
    key("features.nonfinite", "What is done with numbers that are not finite inside a region: refuse, or drop these voxels"),
    key("features.min_pixels", "A slice with fewer pixels of the region is left out of both arms"),

    key("features.ibsi.aggregations", "Ways from matrices to values, such as \"3D:mrg\"; none for the standard's 2D:avg"),
    optional("features.ibsi.outliers", "Leave out intensities further from the mean than this many standard deviations", "3.0"),
    key("features.ibsi.round", "Round intensities to whole numbers after resampling (CT)"),
    key("features.ibsi.ivh", "Bins of the intensity-volume histogram: discrete, continuous:WIDTH, arbitrary:COUNT; empty for discrete"),
    key("features.ibsi.filters", "Filters beside the unfiltered image, such as \"log:sigma=1.5\""),

    key("learners.enabled", "Whether the radiomics arm runs"),
    key("learners.names", "Learners by name; none for the default back end of each, \"all\" for every back end"),
    key("learners.set", "Settings of single learners by scikit-learn's names: { svc = { C = 10.0 } }"),
    key("learners.preprocess", "Steps before the learner: { scaling = \"robust\", pca = { n_components = 0.95 } }; what is left out keeps its default"),
    optional("learners.class_weight", "Weights of the classes", "\"balanced\""),
    optional("learners.calibrate", "How probabilities are calibrated: sigmoid, isotonic or temperature", "\"sigmoid\""),
    key("learners.tune", "How much is tried of each learner's settings in folds of the training rows: none, light or full"),
    key("learners.importance", "Shuffles of every column behind its importance on the test rows; 0 for none"),
    key("learners.shap", "What each column adds to each answer on the test rows (SHAP)"),
    key("learners.learning_curve", "Scores by the number of patients learned from"),

    key("networks.enabled", "Whether the deep arm runs"),
    key("networks.names", "Networks by name, \"all\" for every one; NAME:scratch and NAME:pretrained say how one begins"),
    key("networks.input", "What a network sees of a slice: whole, crop (the region's box) or masked (blank outside)"),
    key("networks.image_size", "Side of the square input in pixels"),
    key("networks.batch_size", "Slices a step"),
    key("networks.learning_rate", "Learning rate that the schedule starts from"),
    key("networks.weight_decay", "Weight decay"),
    key("networks.epochs", "At most this many epochs"),
    key("networks.patience", "Stop after this many epochs below the best"),
    key("networks.augment", "Flips and rotations of training slices"),
    key("networks.warm_start_statistics", "Batch normalisation begins with means over the first batches, for runs too short for them to settle"),
    key("networks.set", "Further settings by the names in run.json: { optimiser = { kind = \"sgd\" } }; they win over those above"),
    optional("networks.pretrained", "Weights to start from: a file, or a folder of files named by network", "\"weights\""),
    optional("networks.export", "Write weights under these names too: torchvision, timm or authors", "\"timm\""),
    key("networks.grad_cam", "Pictures of where a network looks, for this many test slices"),
    key("networks.keep_weights", "Whether the weights of the best epoch are written"),

    key("report.bootstrap", "Bootstrap resamples of patients behind each interval"),
    key("report.confidence", "Share of intervals that hold the truth in the long run"),
];
