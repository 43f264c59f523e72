//! The parts of [`super::pvt_v2`]: patch embedding, attention to a shrunk image, and a linear pair with a
//! depthwise convolution in between.

use candle_core::Result;

use crate::graph::Value;
use crate::layers::{Conv2d, DropPath, LayerNorm, Linear};
use crate::network::Mode;
use crate::ops::attention::cross_attention;
use crate::ops::gelu::Gelu;
use crate::ops::general_convolution::GeneralConvolution;
use crate::ops::residual::Place;
use crate::ops::tokens::{from_tokens, to_tokens};
use crate::state::{Builder, Initial};

/// ε of the norms in front of attention and linear layers and after stages.
pub(super) const EPSILON: f64 = 1e-6;
/// timm's first linear weights: normal, cut at ±2, which is a hundred deviations away.
pub(super) const WEIGHT: Initial = Initial::Normal { deviation: 0.02 };
pub(super) const BIAS: Initial = Initial::Constant(0.0);

/// A convolution with a bias, its first weights as timm draws them: over the fan-out of a group.
fn convolution(
    b: &mut Builder,
    channels: [usize; 2],
    kernel: usize,
    op: GeneralConvolution,
) -> Result<Conv2d> {
    let initial = Initial::kaiming_fan_out(channels[1] / op.groups, kernel);
    Conv2d::general(b, channels, [kernel; 2], op, initial, Some(BIAS))
}

/// Overlapping patches as tokens.
pub(super) struct PatchEmbedding {
    proj: Conv2d,
    norm: LayerNorm,
}

impl PatchEmbedding {
    /// K x K patches, `stride` apart.
    pub(super) fn new(
        b: &mut Builder,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        let op = GeneralConvolution::dense(stride, kernel / 2);
        Ok(Self {
            proj: b.inside("proj", |b| convolution(b, channels, kernel, op))?,
            norm: b.inside("norm", |b| LayerNorm::new(b, channels[1], LayerNorm::TORCH))?,
        })
    }

    /// An image (N, I, H, W) to tokens (N, H' W', C), with H' and W'.
    pub(super) fn forward(&self, xs: &Value, mode: Mode) -> Result<(Value, [usize; 2])> {
        let xs = self.proj.forward(xs, mode)?; // (N, C, H', W')
        let (_, _, height, width) = xs.dims4()?;
        let xs = to_tokens(&xs)?; // (N, H' W', C)
        Ok((self.norm.forward(&xs, mode)?, [height, width]))
    }
}

/// Attention of every token to the image shrunk by a convolution.
struct Attention {
    q: Linear,
    kv: Linear,
    proj: Linear,
    /// Convolution and norm, unless the image is taken as it is.
    shrink: Option<(Conv2d, LayerNorm)>,
    heads: usize,
}

impl Attention {
    fn new(b: &mut Builder, c: usize, heads: usize, reduction: usize) -> Result<Self> {
        let mut linear = |name: &str, output: usize| {
            b.inside(name, |b| Linear::new(b, c, output, [WEIGHT, BIAS]))
        };
        let (q, kv, proj) = (linear("q", c)?, linear("kv", 2 * c)?, linear("proj", c)?);
        let shrink = if reduction > 1 {
            let op = GeneralConvolution::dense(reduction, 0);
            Some((
                b.inside("sr", |b| convolution(b, [c; 2], reduction, op))?,
                b.inside("norm", |b| LayerNorm::new(b, c, LayerNorm::TORCH))?,
            ))
        } else {
            None
        };
        Ok(Self {
            q,
            kv,
            proj,
            shrink,
            heads,
        })
    }

    /// (N, H W, C) to the same shape.
    fn forward(&self, xs: &Value, [height, width]: [usize; 2], mode: Mode) -> Result<Value> {
        let q = self.q.forward(xs, mode)?; // (N, H W, C)
        let seen = match &self.shrink {
            None => xs.clone(),
            Some((conv, norm)) => {
                let image = from_tokens(xs, height, width)?;
                let image = conv.forward(&image, mode)?; // (N, C, H/r, W/r)
                norm.forward(&to_tokens(&image)?, mode)? // (N, H W / r², C)
            }
        };
        let kv = self.kv.forward(&seen, mode)?; // (N, H W / r², 2 C)
        let ys = cross_attention(&q, &kv, self.heads)?; // (N, H W, C)
        self.proj.forward(&ys, mode)
    }
}

/// Linear, depthwise 3x3 with zeros around, GELU, linear.
struct Mlp {
    fc1: Linear,
    filter: Conv2d,
    fc2: Linear,
}

impl Mlp {
    fn new(b: &mut Builder, channels: usize, hidden: usize) -> Result<Self> {
        let op = GeneralConvolution {
            groups: hidden,
            ..GeneralConvolution::dense(1, 1)
        };
        Ok(Self {
            fc1: b.inside("fc1", |b| Linear::new(b, channels, hidden, [WEIGHT, BIAS]))?,
            filter: b.inside("dwconv", |b| convolution(b, [hidden; 2], 3, op))?,
            fc2: b.inside("fc2", |b| Linear::new(b, hidden, channels, [WEIGHT, BIAS]))?,
        })
    }

    /// (N, H W, C) to the same shape.
    fn forward(&self, xs: &Value, [height, width]: [usize; 2], mode: Mode) -> Result<Value> {
        let ys = self.fc1.forward(xs, mode)?; // (N, H W, hidden)
        let image = from_tokens(&ys, height, width)?;
        let image = self.filter.forward(&image, mode)?;
        let ys = Gelu::Exact.apply(&to_tokens(&image)?)?;
        self.fc2.forward(&ys, mode) // (N, H W, C)
    }
}

/// Attention and linear pair, each behind a norm and beside a shortcut.
pub(super) struct Block {
    norm1: LayerNorm,
    attention: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
    drop_paths: [DropPath; 2],
}

impl Block {
    pub(super) fn new(
        b: &mut Builder,
        channels: usize,
        [heads, reduction, expansion]: [usize; 3],
        drop_paths: [DropPath; 2],
    ) -> Result<Self> {
        Ok(Self {
            norm1: b.inside("norm1", |b| LayerNorm::new(b, channels, EPSILON))?,
            attention: b.inside("attn", |b| Attention::new(b, channels, heads, reduction))?,
            norm2: b.inside("norm2", |b| LayerNorm::new(b, channels, EPSILON))?,
            mlp: b.inside("mlp", |b| Mlp::new(b, channels, expansion * channels))?,
            drop_paths,
        })
    }

    /// (N, H W, C) to the same shape.
    pub(super) fn forward(&self, xs: &Value, size: [usize; 2], mode: Mode) -> Result<Value> {
        let [first, second] = self.drop_paths;
        let ys = self.norm1.forward(xs, mode)?;
        let ys = self.attention.forward(&ys, size, mode)?;
        let xs = first.add(xs, &ys, None, Place::Tokens, mode)?;
        let ys = self.norm2.forward(&xs, mode)?;
        let ys = self.mlp.forward(&ys, size, mode)?;
        second.add(&xs, &ys, None, Place::Tokens, mode)
    }
}
