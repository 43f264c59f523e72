//! Values against other programs, standards and closed forms.

mod baselines_pyradiomics;
mod completeness_pyradiomics;
mod digital_phantom_ibsi;
mod directions_ibsi;
mod directions_pyradiomics;
mod first_order_closed_form;
mod first_order_pyradiomics;
mod glcm_baselines;
mod glcm_ibsi;
mod glcm_pyradiomics;
mod glrlm_baselines;
mod glrlm_ibsi;
mod glrlm_pyradiomics;
mod glszm_pyradiomics;
mod pyradiomics;
mod shape2d_closed_form;
mod shape2d_pyradiomics;
mod tiny_regions_pyradiomics;
