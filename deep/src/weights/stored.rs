//! A tensor inside a file: a view of bytes, checked when it is found.

use super::number::Number;
use super::refused;
use crate::error::Result;

/// Dimensions that a tensor of weights may have.
pub(super) const MOST_DIMENSIONS: usize = 8;

/// Numbers of a storage in the order offset + Σ indexᵢ · strideᵢ.
#[derive(Debug, Clone)]
pub(crate) struct StoredTensor<'a> {
    pub(crate) shape: Vec<usize>,
    number: Number,
    storage: &'a [u8],
    offset: usize,
    strides: Vec<usize>,
}

impl<'a> StoredTensor<'a> {
    /// A view of a storage. Every number of it lies inside the storage, and it has no more numbers than that.
    pub(super) fn new(
        name: &str,
        number: Number,
        storage: &'a [u8],
        offset: usize,
        shape: &[usize],
        strides: &[usize],
    ) -> Result<Self> {
        let held = storage.len() / number.size();
        let count = shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d));
        let last = shape
            .iter()
            .zip(strides)
            .try_fold(offset, |at, (d, stride)| {
                at.checked_add(d.saturating_sub(1).checked_mul(*stride)?)
            });
        let fits = shape.len() == strides.len()
            && shape.len() <= MOST_DIMENSIONS
            && match (count, last) {
                (Some(0), _) => true,
                (Some(count), Some(last)) => count <= held && last < held,
                _ => false,
            };
        if !fits {
            return Err(refused(
                format!(
                    "shape {shape:?}, strides {strides:?} and offset {offset} of '{name}' over a storage of {held} numbers"
                ),
                "tensors inside their storage",
            ));
        }
        Ok(Self {
            shape: shape.to_vec(),
            number,
            storage,
            offset,
            strides: strides.to_vec(),
        })
    }

    /// All of a storage in C order.
    pub(super) fn contiguous(
        name: &str,
        number: Number,
        storage: &'a [u8],
        shape: &[usize],
    ) -> Result<Self> {
        Self::new(name, number, storage, 0, shape, &c_strides(shape))
    }

    /// How many numbers it has.
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// The numbers in C order.
    pub(crate) fn numbers(&self) -> Vec<f32> {
        let (size, count) = (self.number.size(), self.count());
        if count == 0 {
            return Vec::new();
        }
        if self.strides == c_strides(&self.shape) {
            let begin = self.offset * size;
            return self.number.read(&self.storage[begin..begin + count * size]);
        }
        let mut bytes = Vec::with_capacity(count * size);
        let mut index = vec![0; self.shape.len()];
        for _ in 0..count {
            let steps = index.iter().zip(&self.strides);
            let at = self.offset + steps.map(|(i, stride)| i * stride).sum::<usize>();
            bytes.extend_from_slice(&self.storage[at * size..(at + 1) * size]);
            for (i, d) in index.iter_mut().zip(&self.shape).rev() {
                *i += 1;
                if *i < *d {
                    break;
                }
                *i = 0;
            }
        }
        self.number.read(&bytes)
    }
}

/// Steps between neighbours in C order; where the product overflows, no storage is large enough.
fn c_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1_usize; shape.len()];
    for k in (1..shape.len()).rev() {
        strides[k - 1] = strides[k].saturating_mul(shape[k]);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(count: usize) -> Vec<u8> {
        (0..count).flat_map(|k| (k as f32).to_le_bytes()).collect()
    }

    fn view<'a>(
        storage: &'a [u8],
        offset: usize,
        shape: &[usize],
        strides: &[usize],
    ) -> Result<StoredTensor<'a>> {
        StoredTensor::new("t", Number::F32, storage, offset, shape, strides)
    }

    #[test]
    fn strides_are_followed() {
        let bytes = storage(12);
        let plain = view(&bytes, 0, &[3, 4], &[4, 1]).unwrap().numbers();
        assert_eq!(plain, (0..12).map(|k| k as f32).collect::<Vec<_>>());
        let transposed = view(&bytes, 0, &[4, 3], &[1, 4]).unwrap().numbers();
        assert_eq!(transposed[..4], [0.0, 4.0, 8.0, 1.0]);
        let part = view(&bytes, 5, &[2, 2], &[4, 1]).unwrap().numbers();
        assert_eq!(part, [5.0, 6.0, 9.0, 10.0]);
        let repeated = view(&bytes, 3, &[2, 3], &[0, 1]).unwrap().numbers();
        assert_eq!(repeated, [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]);
        let scalar = view(&bytes, 7, &[], &[]).unwrap().numbers();
        assert_eq!(scalar, [7.0]);
        assert!(
            view(&bytes, 0, &[0, 3], &[3, 1])
                .unwrap()
                .numbers()
                .is_empty()
        );
    }

    #[test]
    fn nothing_reaches_outside_its_storage() {
        let bytes = storage(12);
        let hostile: [(usize, &[usize], &[usize]); 9] = [
            (0, &[13], &[1]),
            (1, &[12], &[1]),
            (0, &[2], &[12]),
            (12, &[], &[]),
            (usize::MAX, &[2], &[1]),
            (0, &[usize::MAX, 2], &[1, 1]),
            (0, &[2, 2], &[usize::MAX, usize::MAX]),
            // More numbers than the storage has, by repetition.
            (0, &[1 << 20], &[0]),
            (0, &[1; 9], &[1; 9]),
        ];
        for (offset, shape, strides) in hostile {
            assert!(view(&bytes, offset, shape, strides).is_err(), "{shape:?}");
        }
        assert!(view(&bytes, 0, &[2, 2], &[1]).is_err());
    }
}
