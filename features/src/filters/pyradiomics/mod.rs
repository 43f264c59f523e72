//! Filters as PyRadiomics defines them.
