use raduet::cohort::{LoadOptions, load};

#[test]
fn smoke() {
    for p in [
        "data/lgg_mri",
        "data/sts_mri",
        "data/sts_mri/manifest_histology3.csv",
        "data/cirrmri_sample",
    ] {
        let Some(path) = raduet_testkit::data::path("cohort_load", p) else {
            return;
        };
        let c = load(&path, &LoadOptions::default()).unwrap_or_else(|f| panic!("{f}"));
        println!(
            "{} {} {:?} {:#?} failed {:?} {:?}",
            c.name,
            c.cohort.cases().len(),
            c.cohort.classes(),
            c.notes,
            c.failed,
            c.warnings.len()
        );
        println!("{:?} {:?}", c.cohort.cases()[0], c.files[0]);
    }
}
