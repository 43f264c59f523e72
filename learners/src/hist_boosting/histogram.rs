//! Histograms: for every bin of a column the packed sum over a node's rows.

use super::packed::Packing;

/// Sums of one column, by bin.
pub(super) type Histogram = [u64; 256];

/// Columns added together, so that rows and their packed numbers are read once for all of them.
pub(super) const TOGETHER: usize = 4;

/// A histogram without rows.
pub(super) const EMPTY: Histogram = [0; 256];

/// Histograms of up to [`TOGETHER`] columns over `rows`; `packed[i]` belongs to row `rows[i]`.
pub(super) fn build(sums: &mut [Histogram], columns: &[&[u8]], rows: &[u32], packed: &[u64]) {
    for histogram in sums.iter_mut() {
        histogram.fill(0);
    }
    if let (&[a, b, c, d], [of_a, of_b, of_c, of_d]) = (columns, &mut *sums) {
        for (&row, &value) in rows.iter().zip(packed) {
            let row = row as usize;
            add(of_a, a[row], value);
            add(of_b, b[row], value);
            add(of_c, c[row], value);
            add(of_d, d[row], value);
        }
        return;
    }
    for (histogram, column) in sums.iter_mut().zip(columns) {
        for (&row, &value) in rows.iter().zip(packed) {
            add(histogram, column[row as usize], value);
        }
    }
}

fn add(histogram: &mut Histogram, bin: u8, value: u64) {
    let sum = &mut histogram[usize::from(bin)];
    *sum = sum.wrapping_add(value);
}

/// Takes one child's sums from its parent's: what is left is the other child's.
pub(super) fn subtract(parent: &mut Histogram, child: &Histogram) {
    for (sum, part) in parent.iter_mut().zip(child) {
        *sum = sum.wrapping_sub(*part);
    }
}

/// Packs one gradient and curvature a row.
pub(super) fn pack_rows(gradients: &[[f32; 2]], rows: &[u32], packed: &mut Vec<u64>) -> Packing {
    let (mut g, mut h) = (0.0, 0.0);
    for &row in rows {
        let [gradient, curvature] = gradients[row as usize];
        g += f64::from(gradient.abs());
        h += f64::from(curvature);
    }
    let packing = Packing::new(rows.len(), g, h);
    packed.clear();
    packed.extend(rows.iter().map(|&row| {
        let [gradient, curvature] = gradients[row as usize];
        packing.pack(f64::from(gradient), f64::from(curvature))
    }));
    packing
}
