//! How many machines are solved side by side, and with how many threads each.
//!
//! A machine whose kernels are not known packs its rows, which takes memory. So there are no more machines at
//! work than this memory allows; threads that are left share the kernels of a line.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// Machines at work and threads of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crew {
    pub(super) machines: usize,
    pub(super) threads_each: usize,
}

impl Crew {
    /// All threads, each at a machine of its own.
    pub(super) fn full() -> Self {
        Self {
            machines: rayon::current_num_threads(),
            threads_each: 1,
        }
    }

    /// As many machines as may pack `of_largest` bytes each in `bytes`, one at least.
    pub(super) fn within(bytes: usize, of_largest: usize) -> Self {
        let threads = rayon::current_num_threads();
        let machines = (bytes / of_largest.max(1)).clamp(1, threads);
        Self {
            machines,
            threads_each: threads.div_ceil(machines),
        }
    }

    /// What `work` makes of 0 to `jobs`, begun in this order, in this order; each at work has an `S` of its own.
    pub(super) fn each<S: Default, T: Send>(
        self,
        jobs: usize,
        work: impl Fn(usize, &mut S) -> T + Sync,
    ) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let by_worker = (0..self.machines).into_par_iter().with_max_len(1).map(|_| {
            let mut own = S::default();
            let job = || {
                let job = next.fetch_add(1, Ordering::Relaxed);
                (job < jobs).then(|| (job, work(job, &mut own)))
            };
            std::iter::from_fn(job).collect::<Vec<_>>()
        });
        let mut done: Vec<(usize, T)> = by_worker.flatten_iter().collect();
        done.sort_unstable_by_key(|&(job, _)| job);
        done.into_iter().map(|(_, made)| made).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_decides_how_many_work_at_once() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(4)
            .build()
            .unwrap();
        pool.install(|| {
            let crew = |bytes, of_largest| {
                let crew = Crew::within(bytes, of_largest);
                (crew.machines, crew.threads_each)
            };
            assert_eq!(crew(150, 40), (3, 2));
            assert_eq!(crew(150, 100), (1, 4));
            assert_eq!(crew(50, 100), (1, 4));
            assert_eq!(crew(1000, 1), (4, 1));
            assert_eq!(crew(1000, 0), (4, 1));
            let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let squares = Crew::within(150, 60).each(50, |job, (): &mut ()| {
                let at_work = now.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(at_work, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(1));
                now.fetch_sub(1, Ordering::SeqCst);
                job * job
            });
            assert_eq!(squares, (0..50).map(|job| job * job).collect::<Vec<_>>());
            assert!(most.into_inner() <= 2);
        });
    }
}
