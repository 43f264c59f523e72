//! Pictures of slices: what stands in their pixels, read back by the `png` crate.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::io::Cursor;

use png::{Decoder, Transformations};
use raduet::error::Code;
use raduet::io::png::overlay;

struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    fn at(&self, row: usize, column: usize) -> [u8; 3] {
        let at = 3 * (row * self.width + column);
        self.rgb[at..at + 3].try_into().unwrap()
    }
}

/// Reads a file, which holds pixels and nothing else.
fn decode(bytes: &[u8]) -> Picture {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let kind = str::from_utf8(&head[4..]).unwrap();
        assert!(["IHDR", "PLTE", "IDAT", "IEND"].contains(&kind), "{kind}");
        at += 12 + u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
    }
    assert_eq!(at, bytes.len());
    let mut decoder = Decoder::new(Cursor::new(bytes));
    // A table of colours becomes the colours.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    if info.color_type == png::ColorType::Grayscale {
        rgb = rgb.into_iter().flat_map(|grey| [grey; 3]).collect();
    } else {
        assert_eq!(info.color_type, png::ColorType::Rgb);
    }
    let (width, height) = (info.width as usize, info.height as usize);
    assert_eq!(rgb.len(), 3 * width * height);
    Picture { width, height, rgb }
}

const ORANGE: [u8; 3] = [230, 159, 0];

/// Four rows of five; the region is a bar of three in the third row.
fn slice() -> (Vec<f64>, Vec<bool>) {
    let values = (0..20).map(f64::from).collect();
    let inside = (0..20).map(|at| (11..14).contains(&at)).collect();
    (values, inside)
}

#[test]
fn intensities_are_grey_and_the_region_has_an_outline() {
    let (values, inside) = slice();
    let picture = decode(&overlay(&values, 4, 5, &inside, None, 4).unwrap());
    assert_eq!((picture.width, picture.height), (20, 16));
    assert_eq!(picture.at(0, 0), [0; 3]);
    assert_eq!(picture.at(15, 19), [255; 3]);
    // The eighth of nineteen steps.
    assert_eq!(picture.at(5, 13), [107; 3]);
    // Voxel (2, 1) is at rows 8 to 11, columns 4 to 7: outline above, below and on the left.
    assert_eq!(picture.at(8, 5), ORANGE);
    assert_eq!(picture.at(11, 5), ORANGE);
    assert_eq!(picture.at(9, 4), ORANGE);
    assert_eq!(picture.at(9, 6), [148; 3]);
    assert_eq!(picture.at(9, 8), [161; 3]);
    assert_eq!(picture.at(9, 15), ORANGE);
    let count = picture
        .rgb
        .chunks(3)
        .filter(|pixel| **pixel == ORANGE)
        .count();
    assert_eq!(count, 2 * 12 + 2 * 2);
}

#[test]
fn a_map_has_colours_from_its_lowest_to_its_highest_value_in_the_region() {
    let (values, inside) = slice();
    let mut map = vec![1e9; 20];
    map[11..14].copy_from_slice(&[-2.0, f64::NAN, 6.0]);
    let picture = decode(&overlay(&values, 4, 5, &inside, Some(&map), 4).unwrap());
    assert_eq!(picture.at(9, 6), [68, 1, 84]);
    assert_eq!(picture.at(9, 9), [161; 3]);
    assert_eq!(picture.at(9, 13), [253, 231, 37]);
    assert_eq!(picture.at(8, 5), [255; 3]);
    // The bar begins six pixels beside the image: highest on top.
    assert_eq!(picture.at(0, 26), [253, 231, 37]);
    assert_eq!(picture.at(15, 37), [68, 1, 84]);
    // "6.000": the upper row of a six is three white pixels.
    assert_eq!(
        [picture.at(0, 44), picture.at(0, 45), picture.at(0, 46)],
        [[255; 3]; 3]
    );
    assert_eq!(picture.at(1, 45), [0; 3]);
}

#[test]
fn a_map_without_values_is_left_out() {
    let (values, inside) = slice();
    let map = [f64::NAN; 20];
    let with = overlay(&values, 4, 5, &inside, Some(&map), 2).unwrap();
    assert_eq!(with, overlay(&values, 4, 5, &inside, None, 2).unwrap());
    let nowhere = [false; 20];
    let map = [1.0; 20];
    let with = overlay(&values, 4, 5, &nowhere, Some(&map), 2).unwrap();
    assert_eq!(with, overlay(&values, 4, 5, &nowhere, None, 2).unwrap());
}

#[test]
fn odd_intensities_are_drawn() {
    for values in [
        [f64::NAN; 4],
        [7.0; 4],
        [f64::MAX, f64::MIN, f64::INFINITY, 0.0],
    ] {
        let picture = decode(&overlay(&values, 2, 2, &[true; 4], Some(&values), 1).unwrap());
        assert!(picture.height >= 2);
    }
    // A region as large as the slice, a voxel a pixel: all outline.
    let picture = decode(&overlay(&[1.0, 2.0], 1, 2, &[true; 2], None, 1).unwrap());
    assert_eq!(picture.rgb, [ORANGE, ORANGE].concat());
}

#[test]
fn what_does_not_fit_is_refused() {
    let (values, inside) = slice();
    for (rows, columns, scale) in [(4, 4, 1), (4, 5, 0), (4, 5, 1 << 16), (usize::MAX, 2, 1)] {
        let fault = overlay(&values, rows, columns, &inside, None, scale).unwrap_err();
        assert_eq!(fault.code, Code::Internal);
    }
    assert!(overlay(&values, 4, 5, &inside[1..], None, 1).is_err());
    assert!(overlay(&values, 4, 5, &inside, Some(&values[1..]), 1).is_err());
    assert!(overlay(&[], 0, 5, &[], None, 1).is_err());
}
