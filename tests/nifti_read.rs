//! Mechanics of reading NIfTI files: what is read, what is refused, and in which words.
mod real_data {
    use std::time::Instant;

    use raduet::io::{ReadOptions, read_volume};

    #[test]
    fn all_files() {
        let test = "nifti_read";
        for folder in [
            "data/lgg_mri/images",
            "data/lgg_mri/masks",
            "data/sts_mri/images",
            "data/sts_mri/masks",
        ] {
            let Some(path) = raduet_testkit::data::path(test, folder) else {
                return;
            };
            let begin = Instant::now();
            let mut n = 0;
            for entry in std::fs::read_dir(path).unwrap() {
                let file = entry.unwrap().path();
                let read = read_volume(&file, &ReadOptions::default()).unwrap();
                n += 1;
                for w in read.warnings {
                    if n < 3 {
                        println!("{w}");
                    }
                }
            }
            println!("{folder} {n} {:?}", begin.elapsed());
        }
    }
}
