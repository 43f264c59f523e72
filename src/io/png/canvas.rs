//! A picture in memory.

use super::colours::Colour;

/// Rows of pixels, black at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Red, green, blue of each pixel, row by row.
    pub(super) bytes: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            bytes: vec![0; 3 * width * height],
        }
    }

    /// Sets a pixel; outside of the picture nothing happens.
    pub(super) fn set(&mut self, row: usize, column: usize, colour: Colour) {
        if row < self.height && column < self.width {
            let at = 3 * (row * self.width + column);
            self.bytes[at..at + 3].copy_from_slice(&colour);
        }
    }

    /// Fills a box.
    pub(super) fn fill(
        &mut self,
        [row, column]: [usize; 2],
        [rows, columns]: [usize; 2],
        colour: Colour,
    ) {
        for r in row..row + rows {
            for c in column..column + columns {
                self.set(r, c, colour);
            }
        }
    }
}
