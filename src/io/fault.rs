//! Failing writes, on request of the tests of this crate.
//!
//! Whatever reaches the disk (creating, writing, bringing to disk, renaming) asks [`strike`] first. In the program
//! that is nothing at all. In tests a [`Plan`] lets a number of calls below a folder pass and makes the next
//! one fail as a full disk does, and with it every later one: a disk that is full stays full.

use std::io;
use std::path::Path;

/// Nothing fails by itself.
#[cfg(not(test))]
#[expect(
    clippy::unnecessary_wraps,
    clippy::inline_always,
    reason = "the form of the tests' own; the program must not pay for it"
)]
#[inline(always)]
pub(crate) fn strike(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use planned::{Plan, strike};

#[cfg(test)]
mod planned {
    use std::path::PathBuf;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::{Path, io};

    /// Plans of all tests that run now, each for a folder of its own.
    static PLANS: Mutex<Vec<(PathBuf, u32, u32)>> = Mutex::new(Vec::new());

    fn plans() -> MutexGuard<'static, Vec<(PathBuf, u32, u32)>> {
        PLANS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls below `folder` fail from number `at` (from 0) on, until this is dropped.
    pub(crate) struct Plan {
        folder: PathBuf,
    }

    impl Plan {
        pub(crate) fn new(folder: &Path, at: u32) -> Self {
            plans().push((folder.to_owned(), at, 0));
            Self {
                folder: folder.to_owned(),
            }
        }

        /// Calls so far.
        pub(crate) fn calls(&self) -> u32 {
            let plans = plans();
            let own = plans.iter().find(|(folder, ..)| *folder == self.folder);
            own.map_or(0, |(.., calls)| *calls)
        }
    }

    impl Drop for Plan {
        fn drop(&mut self) {
            plans().retain(|(folder, ..)| *folder != self.folder);
        }
    }

    pub(crate) fn strike(path: &Path) -> io::Result<()> {
        let mut plans = plans();
        let own = plans.iter_mut().find(|(folder, ..)| path.starts_with(folder));
        let Some((_, at, calls)) = own else {
            return Ok(());
        };
        *calls += 1;
        if *calls > *at {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}
