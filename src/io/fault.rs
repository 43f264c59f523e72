//! Failing writes, on request of the tests of this crate.
//!
//! Whatever reaches the disk (creating, writing, bringing to disk, renaming) asks [`strike`] first. In the program
//! that is nothing at all. In tests a [`Plan`] lets a number of calls below a folder pass and makes the next
//! one fail as a full disk does, alone or with every later one.

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
pub(crate) use planned::{Lasts, Plan, strike};

#[cfg(test)]
mod planned {
    use std::path::PathBuf;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::{Path, io};

    /// Whether calls behind the failing one fail, too.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Lasts {
        /// Somebody made room.
        Once,
        /// A disk that is full stays full.
        ForGood,
    }

    struct Planned {
        folder: PathBuf,
        at: u32,
        lasts: Lasts,
        calls: u32,
    }

    /// Plans of all tests that run now, each for a folder of its own.
    static PLANS: Mutex<Vec<Planned>> = Mutex::new(Vec::new());

    fn plans() -> MutexGuard<'static, Vec<Planned>> {
        PLANS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call below `folder` with number `at` (from 0) fails, until this is dropped.
    pub(crate) struct Plan {
        folder: PathBuf,
    }

    impl Plan {
        pub(crate) fn new(folder: &Path, at: u32, lasts: Lasts) -> Self {
            plans().push(Planned {
                folder: folder.to_owned(),
                at,
                lasts,
                calls: 0,
            });
            Self {
                folder: folder.to_owned(),
            }
        }

        /// Calls so far.
        pub(crate) fn calls(&self) -> u32 {
            let plans = plans();
            let own = plans.iter().find(|plan| plan.folder == self.folder);
            own.map_or(0, |plan| plan.calls)
        }
    }

    impl Drop for Plan {
        fn drop(&mut self) {
            plans().retain(|plan| plan.folder != self.folder);
        }
    }

    pub(crate) fn strike(path: &Path) -> io::Result<()> {
        let mut plans = plans();
        let own = plans.iter_mut().find(|plan| path.starts_with(&plan.folder));
        let Some(plan) = own else {
            return Ok(());
        };
        plan.calls += 1;
        let number = plan.calls - 1;
        let fails = match plan.lasts {
            Lasts::Once => number == plan.at,
            Lasts::ForGood => number >= plan.at,
        };
        if fails {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}
