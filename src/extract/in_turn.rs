//! Large pieces of work, each of which is parallel within: as many are under way as there are threads, and never
//! more.
//!
//! A parallel iterator would not do: a thread that waits for a part of its piece which another thread has taken
//! begins the next piece meanwhile, so that many large pieces are held half done. Here every thread goes from
//! piece to piece, and helps with parts of others' pieces while it waits and when no piece is left.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What the other threads do while an item is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Each has an item of its own, and there is another one for it when that is done.
    Work,
    /// One or more have, or will soon have, nothing to do but parts of others' items.
    Help,
}

/// Does something with every item, on all threads of the current rayon pool; results in the items' order. The work is
/// told its item's place, and who else works.
pub(super) fn each<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(usize, &I, Others) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let of_thread = |context: rayon::BroadcastContext<'_>| {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            let others = if items.len() - index >= context.num_threads() {
                Others::Work
            } else {
                Others::Help
            };
            done.push((index, work(index, item, others)));
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
            each(&items, |index, item, _| {
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
    fn the_last_items_are_helped_with() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(3)
            .build()
            .unwrap();
        let others = |items: usize| pool.install(|| each(&vec![(); items], |_, (), others| others));
        let (work, help) = (Others::Work, Others::Help);
        assert_eq!(others(1), [help]);
        assert_eq!(others(2), [help; 2]);
        assert_eq!(others(3), [work, help, help]);
        assert_eq!(others(5), [work, work, work, help, help]);
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert!(each(&[] as &[u8], |_, _, _| ()).is_empty());
    }
}
