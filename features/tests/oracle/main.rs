//! Values against other programs, standards and closed forms.

mod completeness_pyradiomics;
mod configurations_ibsi;
mod digital_phantom_ibsi;
mod filter_statistics_ibsi;
mod filters_ibsi;
mod filters_ibsi_closed_form;
mod filters_ibsi_direct_sum;
mod first_order_closed_form;
mod first_order_pyradiomics;
mod glcm_pyradiomics;
mod glrlm_pyradiomics;
mod glszm_pyradiomics;
mod intensity_ibsi;
mod processing_ibsi;
mod pyradiomics;
mod shape2d_closed_form;
mod shape2d_pyradiomics;
mod tiny_regions_pyradiomics;
