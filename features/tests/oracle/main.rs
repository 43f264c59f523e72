//! Values against other programs, standards and closed forms.

mod baselines_pyradiomics;
mod completeness_pyradiomics;
mod digital_phantom_ibsi;
mod first_order_closed_form;
mod first_order_pyradiomics;
mod glcm_baselines;
mod glcm_pyradiomics;
mod gldm_baselines;
mod gldzm_ibsi;
mod glrlm_baselines;
mod glrlm_pyradiomics;
mod glszm_baselines;
mod glszm_ibsi;
mod glszm_pyradiomics;
mod ngldm_ibsi;
mod ngtdm_baselines;
mod ngtdm_ibsi;
mod pyradiomics;
mod shape2d_closed_form;
mod shape2d_pyradiomics;
mod tiny_neighbours_pyradiomics;
mod tiny_regions_pyradiomics;
mod undirected_ibsi;
