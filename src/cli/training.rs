//! How networks are trained, beyond the options that every study uses: timm's names where timm has one.

use clap::{Args, ValueEnum};

/// Optimiser, schedule, loss, images and the choice of the best epoch.
#[derive(Debug, Clone, Default, Args)]
pub struct TrainingOptions {
    /// The rule that moves the weights [default: adamw]
    #[arg(long, value_enum, value_name = "RULE", help_heading = "Training")]
    pub opt: Option<OptimiserName>,
    /// SGD's momentum [default: 0.9]
    #[arg(long, value_name = "SHARE", help_heading = "Training")]
    pub momentum: Option<f64>,
    /// How the learning rate moves [default: plateau]
    #[arg(long, value_enum, value_name = "SCHEDULE", help_heading = "Training")]
    pub sched: Option<ScheduleName>,
    /// Epochs over which the learning rate rises first
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub warmup_epochs: Option<usize>,
    /// Largest norm of the gradients
    #[arg(long, value_name = "NORM", help_heading = "Training")]
    pub clip_grad: Option<f64>,
    /// Batches whose gradients are averaged before a step
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub grad_accum_steps: Option<usize>,
    /// What the learning rate is multiplied by from block to block towards the input
    #[arg(long, value_name = "FACTOR", help_heading = "Training")]
    pub layer_decay: Option<f64>,
    /// What the classifier's learning rate is multiplied by
    #[arg(long, value_name = "FACTOR", help_heading = "Training")]
    pub head_rate: Option<f64>,
    /// Epochs in which the classifier alone learns first
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub freeze_epochs: Option<usize>,
    /// Channels that the network sees, copies of the slice: 1 saves time in the first layer [default: 3]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub in_chans: Option<usize>,
    /// Keep a running mean of the weights with this decay, and validate and keep that
    #[arg(long, value_name = "DECAY", help_heading = "Training")]
    pub model_ema: Option<f64>,
    /// Weigh the classes against each other in the loss
    #[arg(long, value_enum, value_name = "RULE", help_heading = "Training")]
    pub loss_weight: Option<LossWeightName>,
    /// Share of the target that is spread over all classes
    #[arg(long, value_name = "SHARE", help_heading = "Training")]
    pub smoothing: Option<f64>,
    /// The focal loss's gamma
    #[arg(long, value_name = "GAMMA", help_heading = "Training")]
    pub focal: Option<f64>,
    /// How an epoch's slices are drawn [default: shuffled]
    #[arg(long, value_enum, value_name = "RULE", help_heading = "Training")]
    pub sampler: Option<SamplerName>,
    /// Random changes of training slices [default: paper, flips and rotation]
    #[arg(long, value_enum, value_name = "RECIPE", help_heading = "Training")]
    pub aug: Option<AugmentName>,
    /// Mix slices of a batch, with weights from Beta(alpha, alpha)
    #[arg(long, value_name = "ALPHA", help_heading = "Training")]
    pub mixup: Option<f64>,
    /// What chooses the best epoch [default: valid-accuracy]
    #[arg(long, value_enum, value_name = "FIGURE", help_heading = "Training")]
    pub monitor: Option<MonitorName>,
    /// Average answers over mirror images of the slice
    #[arg(long, value_enum, value_name = "VIEWS", help_heading = "Training")]
    pub test_flips: Option<TestFlipsName>,
}

/// The optimiser's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OptimiserName {
    /// Adam with decoupled weight decay
    Adamw,
    /// Gradient descent with momentum
    Sgd,
}

/// How the learning rate moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScheduleName {
    /// Not at all
    Constant,
    /// Down when the validation loss stands still
    Plateau,
    /// Half a cosine down to zero
    Cosine,
    /// Down by a factor every few epochs
    Step,
    /// Up, then down to nearly nothing
    OneCycle,
}

/// How classes count in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LossWeightName {
    /// Every slice the same
    None,
    /// Every class the same in total
    Balanced,
}

/// How an epoch's slices are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SamplerName {
    /// Every slice once, in random order
    Shuffled,
    /// Every class as often as any other
    ByClass,
    /// Every patient as often as any other
    ByPatient,
}

/// Random changes of training slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AugmentName {
    /// None
    None,
    /// Flips, and rotation up to ten degrees
    Paper,
    /// Also size, shift, displacement, brightness, contrast, gamma, noise, blur, resolution, erasing
    Strong,
}

/// The figure that chooses the best epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MonitorName {
    /// Validation accuracy
    ValidAccuracy,
    /// Validation loss
    ValidLoss,
    /// Mean sensitivity over the validation classes
    ValidBalancedAccuracy,
    /// Mean area under the validation curves, each class against the rest
    ValidMacroAuc,
}

/// Mirror images to average over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFlipsName {
    /// The slice alone
    None,
    /// And mirrored left to right
    Horizontal,
    /// Both ways and both together
    All,
}
