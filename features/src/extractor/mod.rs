//! From a volume and a mask to rows of features: processing, filters, regions, families.
//!
//! The order is PyRadiomics' and the standard's: normalise, resample, cut out the region, re-segment it
//! on the unfiltered intensities, then measure: form on the region before re-segmentation and on the
//! unfiltered image only, everything else on each image asked for.
//!
//! A slice of a case is measured as a region of its own. Unless the image is resampled or cropped to
//! the region, all slices are cut from one (normalised, filtered) image; else each slice is prepared as
//! the only slice of its mask, which leaves its own axis alone: what PyRadiomics does with such a mask.

mod underway;

use std::borrow::Cow;

use ndarray::{Array3, s};
use rayon::prelude::*;

use self::underway::{Stage, Underway, WAITING, through};
use crate::error::{FeatureError, Result};
use crate::filters::Filter;
use crate::processing::{Resampling, normalise, resample};
use crate::roi::Roi;
use crate::set::{Column, FeatureSet, ORIGINAL};
use crate::settings::ExtractionSettings;
use crate::volume::{MaskVolume, Volume};

/// An image that is measured: the unfiltered one, or the responses of a filter.
#[derive(Debug, Default)]
pub struct ImageSource {
    /// None for the unfiltered image.
    pub filter: Option<Box<dyn Filter>>,
    /// Settings of this image, where they differ from the extractor's (a bin width of its own).
    pub settings: Option<ExtractionSettings>,
}

/// Bringing the whole image to one scale (PyRadiomics' `normalize`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalisation {
    /// Standard deviation afterwards.
    pub scale: f64,
    /// Values further from the mean, in standard deviations, are moved to this distance.
    pub remove_outliers: Option<f64>,
}

/// What is done to an image before it is measured.
#[derive(Debug, Clone, Default)]
pub struct Processing {
    /// Standardising the whole image.
    pub normalisation: Option<Normalisation>,
    /// Another grid.
    pub resampling: Option<Resampling>,
    /// Cutting the image down to the region's bounding box and so many voxels around it before it is
    /// filtered (PyRadiomics' `preCrop` with `padDistance`); not together with resampling, which cuts by
    /// itself.
    pub crop: Option<usize>,
}

/// Everything that is done with a region.
#[derive(Debug)]
pub struct Extractor {
    /// What is measured on the unfiltered image.
    set: FeatureSet,
    /// What is measured on filtered images.
    filtered: Option<FeatureSet>,
    /// Form, where the unfiltered image is not measured otherwise.
    form: Option<FeatureSet>,
    settings: ExtractionSettings,
    processing: Processing,
    images: Vec<ImageSource>,
    /// Along how many axes a bounding box must be longer than one voxel.
    minimum_dimensions: usize,
}

/// A column of the table: a feature on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageColumn {
    /// Full name.
    pub name: String,
    /// What the image is called: `original`, `wavelet-LLH` …
    pub image: String,
    /// The feature.
    pub column: Column,
}

/// What was measured of one region.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Voxels of the region as it was measured, before re-segmentation.
    pub voxels: usize,
    /// Voxels left after re-segmentation.
    pub kept: usize,
    /// Size of a voxel in mm along z, y, x, as measured.
    pub spacing: [f64; 3],
    /// Connected parts of the region.
    pub parts: usize,
    /// Lowest and highest intensity of the unfiltered region.
    pub range: (f64, f64),
    /// Grey levels of the unfiltered region, where any family reads them.
    pub levels: Option<usize>,
    /// Values in the order of [`Extractor::columns`]; NaN where undefined.
    pub values: Vec<f64>,
    /// What is doubtful about filtered images.
    pub doubts: Vec<ImageDoubt>,
}

/// What is doubtful about a filtered image of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageDoubt {
    /// The filter cannot be applied; the columns of its images are undefined.
    NotFiltered {
        /// The images.
        images: Vec<String>,
        /// The filter's error.
        reason: String,
    },
    /// The region has a single grey level on this image, although it has several on the unfiltered one.
    Collapsed {
        /// The image.
        image: String,
    },
}

/// Whether slices are moved when the image is resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlongZ {
    Resampled,
    /// A single slice stays where it is.
    Kept,
}

impl Extractor {
    /// Puts a plan together. Images come in the order of their columns; the unfiltered one, where it is
    /// wanted, first.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] when no image is wanted or two are called alike.
    pub fn new(
        set: FeatureSet,
        settings: ExtractionSettings,
        processing: Processing,
        images: Vec<ImageSource>,
        minimum_dimensions: usize,
    ) -> Result<Self> {
        let filtered = set.on_filtered_images(&settings);
        // Form has no filtered image: it is measured even where the unfiltered one is not asked for.
        let asked = images.iter().any(|source| source.filter.is_none());
        let form = if asked { None } else { set.of_form(&settings) };
        let extractor = Self {
            set,
            filtered,
            form,
            settings,
            processing,
            images,
            minimum_dimensions,
        };
        let mut names = extractor.image_names();
        let mut faults = Vec::new();
        if names.is_empty() {
            faults.push("no image to measure".to_owned());
        }
        names.sort();
        faults.extend(
            names
                .windows(2)
                .filter(|pair| pair[0] == pair[1])
                .map(|pair| format!("image '{}' is asked for twice", pair[0])),
        );
        if faults.is_empty() {
            Ok(extractor)
        } else {
            Err(FeatureError::Settings { faults })
        }
    }

    /// Whether images are brought to another grid first.
    pub fn resamples(&self) -> bool {
        self.processing.resampling.is_some()
    }

    /// Whether voxels outside a region's bounding box matter: for a normalised, resampled, cropped or filtered image, or
    /// for a family that reads them.
    pub fn looks_around(&self) -> bool {
        let Processing {
            normalisation,
            resampling,
            crop,
        } = &self.processing;
        normalisation.is_some()
            || resampling.is_some()
            || crop.is_some()
            || self.filters()
            || self.stages().any(|stage| stage.set.looks_around())
    }

    /// The settings of the unfiltered image.
    pub fn settings(&self) -> &ExtractionSettings {
        &self.settings
    }

    /// What is measured on the unfiltered image.
    pub fn set(&self) -> &FeatureSet {
        &self.set
    }

    /// What the images are called, in the order of their columns.
    pub fn image_names(&self) -> Vec<String> {
        self.images.iter().flat_map(ImageSource::names).collect()
    }

    /// The columns of the table.
    pub fn columns(&self) -> Vec<ImageColumn> {
        let mut columns = Vec::new();
        let form = self.form.iter().flat_map(FeatureSet::described_columns);
        columns.extend(form.map(|column| ImageColumn {
            name: column.name_on(ORIGINAL),
            image: ORIGINAL.to_owned(),
            column: *column,
        }));
        for source in &self.images {
            let Some(set) = self.set_on(source) else {
                continue;
            };
            for image in source.names() {
                columns.extend(set.described_columns().iter().map(|column| ImageColumn {
                    name: column.name_on(&image),
                    image: image.clone(),
                    column: *column,
                }));
            }
        }
        columns
    }

    fn set_on(&self, source: &ImageSource) -> Option<&FeatureSet> {
        match source.filter {
            None => Some(&self.set),
            Some(_) => self.filtered.as_ref(),
        }
    }

    /// Measures the region as a whole.
    ///
    /// # Errors
    /// [`FeatureError::Emptied`], [`FeatureError::TooFlat`], [`FeatureError::TooSmall`] and the errors of
    /// processing and of the families.
    pub fn case(&self, volume: &Volume, mask: &MaskVolume) -> Result<Measured> {
        let normalised = self.normalised(volume);
        let (image, mask) = self.prepared(&normalised, mask, AlongZ::Resampled)?;
        let roi = Roi::from_volume(&image, &mask)?;
        let roi = roi.ok_or(FeatureError::Emptied { step: "resampling" })?;
        let mut one = self.regions(&image, vec![roi]);
        one.pop()
            .unwrap_or(Err(FeatureError::Emptied { step: "measuring" }))
    }

    /// Measures each slice that holds part of the region, in ascending order, with its index.
    ///
    /// # Errors
    /// When image and mask do not belong together. What is wrong with one slice stands in its place.
    pub fn slices(
        &self,
        volume: &Volume,
        mask: &MaskVolume,
    ) -> Result<Vec<(usize, Result<Measured>)>> {
        let occupied = mask.occupied_slices();
        let normalised = self.normalised(volume);
        if self.processing.resampling.is_none() && self.processing.crop.is_none() {
            let roi = |z: &usize| {
                let roi = Roi::from_slice(&normalised, mask, *z)?;
                roi.ok_or(FeatureError::Emptied { step: "reading" })
            };
            let measured = if self.filters() {
                let rois = occupied.par_iter().map(roi).collect::<Vec<_>>();
                let rois = rois.into_iter().collect::<Result<_>>()?;
                self.regions(&normalised, rois)
            } else {
                // From its voxels to its row, slice by slice, while it lies in the processor's cache. One at a time, so
                // that no thread waits for several slices of another.
                let rows = occupied
                    .par_iter()
                    .with_max_len(1)
                    .map(|z| Ok(self.unfiltered(&normalised, roi(z)?)));
                let rows = rows.collect::<Vec<Result<_>>>();
                rows.into_iter().collect::<Result<_>>()?
            };
            return Ok(occupied.into_iter().zip(measured).collect());
        }
        let alone = |z: &usize| {
            let mut inside = Array3::from_elem(mask.inside().dim(), false);
            let plane = mask.inside().slice(s![*z, .., ..]);
            inside.slice_mut(s![*z, .., ..]).assign(&plane);
            let slice = MaskVolume::new(inside, *mask.grid());
            let slice = slice.ok_or(FeatureError::Emptied { step: "reading" })?;
            let (image, slice) = self.prepared(&normalised, &slice, AlongZ::Kept)?;
            let roi = Roi::from_volume(&image, &slice)?;
            let roi = roi.ok_or(FeatureError::Emptied { step: "resampling" })?;
            let mut one = self.regions(&image, vec![roi]);
            one.pop()
                .unwrap_or(Err(FeatureError::Emptied { step: "measuring" }))
        };
        Ok(occupied.iter().map(|z| (*z, alone(z))).collect())
    }

    fn normalised<'a>(&self, volume: &'a Volume) -> Cow<'a, Volume> {
        match &self.processing.normalisation {
            Some(rule) => Cow::Owned(normalise(volume, rule.scale, rule.remove_outliers)),
            None => Cow::Borrowed(volume),
        }
    }

    fn prepared<'a>(
        &self,
        volume: &'a Volume,
        mask: &'a MaskVolume,
        along_z: AlongZ,
    ) -> Result<(Cow<'a, Volume>, Cow<'a, MaskVolume>)> {
        if let Some(rule) = &self.processing.resampling {
            let mut rule = *rule;
            if along_z == AlongZ::Kept {
                rule.spacing[0] = 0.0;
            }
            let (volume, mask) = resample(volume, mask, &rule)?;
            return Ok((Cow::Owned(volume), Cow::Owned(mask)));
        }
        let Some(pad) = self.processing.crop else {
            return Ok((Cow::Borrowed(volume), Cow::Borrowed(mask)));
        };
        let Some(roi) = Roi::from_volume(volume, mask)? else {
            return Err(FeatureError::Emptied { step: "reading" });
        };
        let (low, shape) = (roi.offset(), roi.shape());
        let whole = volume.grid().shape;
        let from = low.map(|low| low.saturating_sub(pad));
        let to: [usize; 3] =
            std::array::from_fn(|axis| (low[axis] + shape[axis] + pad).min(whole[axis]));
        let shape = std::array::from_fn(|axis| to[axis] - from[axis]);
        Ok((
            Cow::Owned(volume.cut(from, shape)),
            Cow::Owned(mask.cut(from, shape)),
        ))
    }

    /// Measures regions of one image, image after image, the regions of an image in parallel.
    fn regions(&self, image: &Volume, rois: Vec<Roi>) -> Vec<Result<Measured>> {
        if !self.filters() {
            let each = rois.into_par_iter();
            return each.map(|roi| self.unfiltered(image, roi)).collect();
        }
        let begun = rois.into_par_iter().map(|roi| self.begin(roi));
        through(
            begun.collect(),
            image,
            &self.stages().collect::<Vec<_>>(),
            WAITING,
        )
    }

    /// What is measured, in the order of the columns.
    fn stages(&self) -> impl Iterator<Item = Stage<'_>> {
        let form = self.form.iter().map(|set| Stage {
            filter: None,
            set,
            settings: &self.settings,
        });
        let images = self.images.iter().filter_map(|source| {
            Some(Stage {
                filter: source.filter.as_deref(),
                set: self.set_on(source)?,
                settings: source.settings.as_ref().unwrap_or(&self.settings),
            })
        });
        form.chain(images)
    }

    /// Whether any image is a filter's response.
    fn filters(&self) -> bool {
        self.images.iter().any(|source| source.filter.is_some())
    }

    /// Measures a region on the unfiltered image.
    fn unfiltered(&self, image: &Volume, roi: Roi) -> Result<Measured> {
        let mut region = self.begin(roi)?;
        for stage in self.stages() {
            region.unfiltered(&stage, image)?;
        }
        Ok(region.measured)
    }

    /// Checks a region and takes its intensity mask.
    fn begin(&self, morphology: Roi) -> Result<Underway> {
        let step = "re-segmentation";
        let rule = self.settings.resegmentation;
        let resegmented = rule
            .map(|rule| {
                morphology
                    .resegmented(rule)
                    .ok_or(FeatureError::Emptied { step })
            })
            .transpose()?;
        let roi = resegmented.as_ref().unwrap_or(&morphology);
        let shape = roi.shape();
        let extended = shape.iter().filter(|length| **length > 1).count();
        if extended < self.minimum_dimensions {
            return Err(FeatureError::TooFlat {
                shape,
                found: extended,
                expected: self.minimum_dimensions,
            });
        }
        let measured = Measured {
            voxels: morphology.count(),
            kept: roi.count(),
            spacing: roi.spacing().zyx(),
            parts: morphology.parts(),
            range: roi.range(),
            levels: None,
            values: Vec::new(),
            doubts: Vec::new(),
        };
        Ok(Underway {
            morphology,
            resegmented,
            measured,
        })
    }
}

impl ImageSource {
    fn names(&self) -> Vec<String> {
        Self::names_of(self.filter.as_deref())
    }

    /// What the images are called that a filter makes, or the unfiltered one.
    fn names_of(filter: Option<&dyn Filter>) -> Vec<String> {
        match filter {
            None => vec![ORIGINAL.to_owned()],
            Some(filter) => filter.names(),
        }
    }
}
