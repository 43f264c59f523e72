//! The CSV manifest.
