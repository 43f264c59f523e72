//! Dense 3 x 3 convolution of stride 1 by Winograd's minimal filtering F(2 x 2, 3 x 3): A. Lavin and
//! S. Gray, *Fast algorithms for convolutional neural networks*, CVPR 2016, arXiv 1509.09308.
//!
//! An output tile of 2 x 2 sees an input tile d of 4 x 4. With V = Bᵀ d B per channel and U = G g Gᵀ per
//! kernel, the output is Y = Aᵀ M A with M\[p\] = sum over c of U\[p, o, c\] V\[p, c\] for the 16 positions p of a
//! tile: 16 products instead of 36. The gradient of x is the same convolution of dy by turned kernels; that
//! of a kernel is Gᵀ (sum over tiles of V ∘ A dy Aᵀ) G. Only sums, differences and halves are taken
//! ([`super::winograd_transforms`]), so rounding stays that of the plain convolution.
//!
//! The tiles of a *block* stand side by side, so that each position is one matrix product. Blocks are
//! cut, and sums are ordered, by the sizes only.

use rayon::prelude::*;

use super::gemm::{Matrix, Output, multiply};
use super::memory::with_scratch;
use super::sizes::Sizes;
use super::winograd_transforms::{
    POSITIONS, Segment, gradient_tiles, input_tiles, kernel_gradient, kernel_tiles, output_tiles,
    padded,
};

/// Tiles of a block of the forward pass: their 16 positions fill about one second-level cache.
const BLOCK_TILES: usize = 208;
/// Numbers of the transformed tiles of a block of the kernel's gradient: 8 MB of third-level cache.
const GRADIENT_NUMBERS: usize = 2 * 1024 * 1024;
/// Tiles that transforming one kernel is worth, in the choice between the two ways.
const KERNEL_TILES: usize = 64;
/// Fewest channels that pay for the transforms.
const LEAST_CHANNELS: usize = 32;

/// Which kernels a convolution takes.
#[derive(Clone, Copy)]
enum Kernels {
    /// w\[o, c\] as they are.
    Straight,
    /// w\[c, o\] turned by half a turn: the way back.
    Turned,
}

/// Whether this is the faster way.
pub(crate) fn suits(s: &Sizes) -> bool {
    let tiles = s.batch * tile_rows(s) * pitch(s);
    s.kernel == 3
        && s.stride == 1
        && s.padding <= 2
        && s.input.min(s.output) >= LEAST_CHANNELS
        // 16 products a tile instead of 9 an output pixel, and a quarter less of them at least.
        && 4 * POSITIONS * (tiles + KERNEL_TILES) < 3 * 9 * s.batch * s.out_plane()
}

/// Rows of tiles of a plane.
fn tile_rows(s: &Sizes) -> usize {
    s.out_height.div_ceil(2)
}

/// Places of a row of tiles: one is spare, so that a tile's neighbours lie at the same distance
/// everywhere in a block and a block is transformed in one run.
fn pitch(s: &Sizes) -> usize {
    s.out_width.div_ceil(2) + 1
}

/// The blocks of `samples` samples, of about `tiles` places each, and the places of the largest.
fn blocks(s: &Sizes, samples: usize, tiles: usize) -> (Vec<Vec<Segment>>, usize) {
    let (height, pitch) = (tile_rows(s), pitch(s));
    let most = (tiles / pitch).clamp(1, height);
    let rows = height.div_ceil(height.div_ceil(most));
    let mut blocks: Vec<Vec<Segment>> = Vec::new();
    let mut places = usize::MAX;
    let mut largest = 0;
    for sample in 0..samples {
        for first in (0..height).step_by(rows) {
            let rows = rows.min(height - first);
            let len = rows * pitch;
            if places.saturating_add(len) > tiles {
                blocks.push(Vec::new());
                places = 0;
            }
            if let Some(block) = blocks.last_mut() {
                block.push(Segment {
                    sample,
                    first,
                    rows,
                    at: places,
                });
            }
            places += len;
            largest = largest.max(places);
        }
    }
    (blocks, largest)
}

/// Places used by a block.
fn places(block: &[Segment], pitch: usize) -> usize {
    block.last().map_or(0, |last| last.at + last.rows * pitch)
}

/// Samples of one task: enough for a block, and an even number of tasks.
fn group(s: &Sizes) -> usize {
    let places = tile_rows(s) * pitch(s);
    let tasks = (s.batch * places / BLOCK_TILES)
        .next_multiple_of(2)
        .clamp(2, s.batch.max(2));
    s.batch.div_ceil(tasks).max(1)
}

fn convolve(s: &Sizes, x: &[f32], w: &[f32], kernels: Kernels) -> Vec<f32> {
    let (channels, outputs) = (s.input, s.output);
    // U: (O, 16, C), C rounded up to whole vectors.
    let row = padded(channels);
    let mut transformed = vec![0.0; outputs * POSITIONS * row];
    transformed
        .par_chunks_mut(POSITIONS * row)
        .enumerate()
        .for_each(|(o, u)| {
            with_scratch(9 * row, |taps| {
                for c in 0..channels {
                    let at = match kernels {
                        Kernels::Straight => o * channels + c,
                        Kernels::Turned => c * outputs + o,
                    };
                    for (k, g) in w[9 * at..9 * at + 9].iter().enumerate() {
                        let k = match kernels {
                            Kernels::Straight => k,
                            Kernels::Turned => 8 - k,
                        };
                        taps[k * row + c] = *g;
                    }
                }
                kernel_tiles(taps, row, u);
            });
        });
    let group = group(s);
    let pitch = pitch(s);
    let mut y = vec![0.0; s.batch * s.output_len()];
    y.par_chunks_mut(group * s.output_len())
        .zip(x.par_chunks(group * s.input_len()))
        .for_each(|(y, x)| {
            let (blocks, largest) = blocks(s, x.len() / s.input_len(), BLOCK_TILES);
            let width = padded(largest);
            // A line more between positions, so that they do not meet in the same cache sets.
            let (v_stride, m_stride) = (channels * width + padded(1), outputs * width + padded(1));
            with_scratch(POSITIONS * v_stride, |v| {
                with_scratch(POSITIONS * m_stride, |m| {
                    for block in &blocks {
                        for c in 0..channels {
                            input_tiles(s, x, c, block, pitch, &mut v[c * width..], v_stride);
                        }
                        let columns = places(block, pitch);
                        for p in 0..POSITIONS {
                            multiply(
                                &mut m[p * m_stride..],
                                width,
                                Output::Overwrite,
                                Matrix::strided(
                                    &transformed[p * row..],
                                    outputs,
                                    channels,
                                    POSITIONS * row,
                                ),
                                Matrix::strided(&v[p * v_stride..], channels, columns, width),
                            );
                        }
                        for o in 0..outputs {
                            output_tiles(s, &m[o * width..], m_stride, o, block, pitch, y);
                        }
                    }
                });
            });
        });
    y
}

/// y from x and w.
pub(crate) fn forward(s: &Sizes, x: &[f32], w: &[f32]) -> Vec<f32> {
    convolve(s, x, w, Kernels::Straight)
}

/// Gradient of x from w and the gradient of y: a convolution with input and output exchanged.
pub(crate) fn backward_input(s: &Sizes, w: &[f32], dy: &[f32]) -> Vec<f32> {
    let back = Sizes {
        input: s.output,
        height: s.out_height,
        width: s.out_width,
        output: s.input,
        padding: 2 - s.padding,
        out_height: s.height,
        out_width: s.width,
        ..*s
    };
    convolve(&back, dy, w, Kernels::Turned)
}

/// Gradient of w from x and the gradient of y; blocks are added in order.
pub(crate) fn backward_weight(s: &Sizes, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (channels, outputs) = (s.input, s.output);
    let pitch = pitch(s);
    let tiles = GRADIENT_NUMBERS / (POSITIONS * (channels + outputs));
    let (blocks, largest) = blocks(s, s.batch, tiles.max(BLOCK_TILES));
    let width = padded(largest);
    let line = POSITIONS * width;
    // dU: (16, O, C), each position with a spare vector at its end.
    let plane = outputs * channels + padded(1);
    let mut sums = vec![0.0; POSITIONS * plane];
    with_scratch((channels + outputs) * line, |tiles| {
        for (index, block) in blocks.iter().enumerate() {
            tiles
                .par_chunks_mut(line)
                .enumerate()
                .for_each(|(k, tiles)| {
                    if k < channels {
                        input_tiles(s, x, k, block, pitch, tiles, width);
                    } else {
                        gradient_tiles(s, dy, k - channels, block, pitch, tiles, width);
                    }
                });
            let columns = places(block, pitch);
            let (v, z) = tiles.split_at(channels * line);
            let output = if index == 0 {
                Output::Overwrite
            } else {
                Output::Add
            };
            sums.par_chunks_mut(plane).enumerate().for_each(|(p, sum)| {
                multiply(
                    sum,
                    channels,
                    output,
                    Matrix::strided(&z[p * width..], outputs, columns, line),
                    Matrix::strided(&v[p * width..], channels, columns, line).transposed(),
                );
            });
        }
    });
    let mut dw = vec![0.0; outputs * channels * 9];
    dw.par_chunks_mut(channels * 9)
        .enumerate()
        .for_each(|(o, dw)| {
            with_scratch(9 * padded(channels), |taps| {
                kernel_gradient(&sums[o * channels..], plane, padded(channels), taps);
                for (c, dw) in dw.chunks_exact_mut(9).enumerate() {
                    for (k, dw) in dw.iter_mut().enumerate() {
                        *dw = taps[k * padded(channels) + c];
                    }
                }
            });
        });
    dw
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::noise;
    use crate::ops::im2col;
    use crate::ops::memory::read;

    /// N, C, H, W, O, p: odd sides, borders, one pixel, several samples and several blocks to a task.
    const CASES: [[usize; 6]; 7] = [
        [2, 33, 5, 4, 32, 1],
        [1, 3, 9, 9, 4, 0],
        [3, 5, 7, 6, 3, 2],
        [5, 32, 14, 14, 7, 1],
        [1, 2, 1, 1, 2, 1],
        [2, 9, 31, 57, 17, 1],
        [1, 2, 64, 63, 3, 1],
    ];

    fn sizes([batch, input, height, width, output, padding]: [usize; 6]) -> Sizes {
        Sizes {
            batch,
            input,
            height,
            width,
            output,
            kernel: 3,
            stride: 1,
            padding,
            out_height: height + 2 * padding - 2,
            out_width: width + 2 * padding - 2,
        }
    }

    fn numbers(tag: u32, len: usize) -> Vec<f32> {
        read(
            &noise(tag, &[len])
                .to_device(&candle_core::Device::Cpu)
                .unwrap(),
            |v| Ok(v.to_vec()),
        )
        .unwrap()
    }

    fn all(s: &Sizes) -> [Vec<f32>; 3] {
        let (x, w, dy) = arguments(s);
        [
            forward(s, &x, &w),
            backward_input(s, &w, &dy),
            backward_weight(s, &x, &dy),
        ]
    }

    fn arguments(s: &Sizes) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        (
            numbers(1, s.batch * s.input_len()),
            numbers(2, s.output * s.input * 9),
            numbers(3, s.batch * s.output_len()),
        )
    }

    /// The products of unfolded images, which `convolution_closed_form` checks, are the plain way.
    #[test]
    fn winograd_equals_the_unfolded_product() {
        for case in CASES {
            let s = sizes(case);
            let (x, w, dy) = arguments(&s);
            let plain = [
                im2col::forward(&s, &x, &w),
                im2col::backward_input(&s, &w, &dy),
                im2col::backward_weight(&s, &x, &dy),
            ];
            for (found, expected) in all(&s).iter().zip(&plain) {
                assert_eq!(found.len(), expected.len());
                let largest = expected.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
                for (f, e) in found.iter().zip(expected) {
                    // Sums of up to 3534 products on either side: sqrt(3534) half units in the last
                    // place are 3.5e-6 of the largest.
                    assert!((f - e).abs() <= 4e-6 * largest, "{case:?} {f} {e}");
                }
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let s = sizes([3, 32, 17, 18, 33, 1]);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| all(&s))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn large_planes_suit_and_small_ones_do_not() {
        assert!(suits(&sizes([8, 64, 56, 56, 64, 1])));
        assert!(suits(&sizes([2, 32, 16, 16, 32, 1])));
        assert!(!suits(&sizes([8, 512, 7, 7, 512, 1])));
        assert!(!suits(&sizes([8, 3, 56, 56, 64, 1])));
    }
}
