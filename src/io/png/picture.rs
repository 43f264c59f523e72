//! A picture in memory as others hand it over: red, green, blue of each pixel.

/// Rows of pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// Pixels as red, green, blue, row by row; `None` unless there are `width` × `height` of them, at least one.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let pixels = width.checked_mul(height)?.checked_mul(3)?;
        (pixels > 0 && rgb.len() == pixels).then_some(Self { width, height, rgb })
    }

    /// A picture whose pixels are asked for by row and column.
    pub(crate) fn of_cells(
        rows: usize,
        columns: usize,
        colour: impl Fn(usize, usize) -> [u8; 3],
    ) -> Option<Self> {
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let rgb = cells.flat_map(|(row, column)| colour(row, column));
        Self::new(columns, rows, rgb.collect())
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Red, green, blue of each pixel, row by row.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The picture with its longer side at most `most` pixels: blocks of equal size are averaged.
    #[must_use]
    pub(crate) fn shrunk(&self, most: usize) -> Self {
        let block = self.width.max(self.height).div_ceil(most.max(1));
        if block < 2 {
            return self.clone();
        }
        let (width, height) = (self.width.div_ceil(block), self.height.div_ceil(block));
        let mut rgb = Vec::with_capacity(3 * width * height);
        for top in (0..self.height).step_by(block) {
            for left in (0..self.width).step_by(block) {
                let (bottom, right) = (
                    (top + block).min(self.height),
                    (left + block).min(self.width),
                );
                let count = (bottom - top) * (right - left);
                for channel in 0..3 {
                    let sum: usize = (top..bottom)
                        .flat_map(|row| (left..right).map(move |column| (row, column)))
                        .map(|(row, column)| {
                            usize::from(self.rgb[3 * (row * self.width + column) + channel])
                        })
                        .sum();
                    // A mean of bytes is one.
                    rgb.push(u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX));
                }
            }
        }
        Self { width, height, rgb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_averaged_by_hand() {
        let grey = |values: &[u8]| values.iter().flat_map(|v| [*v; 3]).collect::<Vec<_>>();
        let picture = Picture::new(3, 2, grey(&[0, 10, 7, 20, 30, 9])).unwrap();
        let small = picture.shrunk(2);
        assert_eq!((small.width(), small.height()), (2, 1));
        assert_eq!(small.rgb(), grey(&[15, 8]));
        assert_eq!(picture.shrunk(3), picture);
        assert_eq!(Picture::new(0, 2, vec![]), None);
        assert_eq!(Picture::new(2, 2, vec![0; 11]), None);
    }
}
