//! Values against other programs, standards and closed forms.

mod completeness_pyradiomics;
mod first_order_pyradiomics;
mod glcm_pyradiomics;
mod glrlm_pyradiomics;
mod glszm_pyradiomics;
mod pyradiomics;
mod shape2d_pyradiomics;
mod tiny_regions_pyradiomics;
