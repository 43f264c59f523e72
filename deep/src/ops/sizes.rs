//! The sizes of a convolution, shared by the ways to compute it.

/// All sizes of one convolution, checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// N, samples.
    pub(crate) batch: usize,
    /// C, input channels.
    pub(crate) input: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// O, output channels.
    pub(crate) output: usize,
    /// K, kernel side.
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    /// H'.
    pub(crate) out_height: usize,
    /// W'.
    pub(crate) out_width: usize,
}

impl Sizes {
    /// Input numbers per sample, C H W.
    pub(crate) fn input_len(&self) -> usize {
        self.input * self.height * self.width
    }

    /// Output pixels per channel, H' W'.
    pub(crate) fn out_plane(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Output numbers per sample, O H' W'.
    pub(crate) fn output_len(&self) -> usize {
        self.output * self.out_plane()
    }
}
