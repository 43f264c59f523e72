//! Large pieces of work, each of which is parallel within: as many are under way as there are threads, and never
//! more.
//!
//! A parallel iterator would not do: a thread that waits for a part of its piece which another thread has taken
//! begins the next piece meanwhile, so that many large pieces are held half done. Here every thread goes from
//! piece to piece, and helps with parts of others' pieces while it waits and when no piece is left.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Does something with every item, on all threads of the current rayon pool; results in the items' order.
pub(super) fn each<I: Sync, T: Send>(items: &[I], work: impl Fn(usize, &I) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let of_thread = |_: rayon::BroadcastContext<'_>| {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            done.push((index, work(index, item)));
        }
    };
    let mut done: Vec<(usize, T)> = rayon::broadcast(of_thread).into_iter().flatten().collect();
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn results_come_in_order_and_no_more_pieces_are_under_way_than_threads() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(3)
            .build()
            .unwrap();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<usize> = (0..40).collect();
        let found = pool.install(|| {
            each(&items, |index, item| {
                let under_way = 1 + now.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(under_way, Ordering::SeqCst);
                // Parallel within, of uneven size.
                let sum: usize = (0..(item % 7) * 1000).into_par_iter().map(|x| x % 3).sum();
                now.fetch_sub(1, Ordering::SeqCst);
                (index, sum)
            })
        });
        let expected: Vec<(usize, usize)> = items
            .iter()
            .map(|item| (*item, (0..(item % 7) * 1000).map(|x| x % 3).sum()))
            .collect();
        assert_eq!(found, expected);
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert!(each(&[] as &[u8], |_, _| ()).is_empty());
    }
}
