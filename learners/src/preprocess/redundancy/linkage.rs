//! Average linkage, cut at a height.
//!
//! Sokal and Michener 1958; by chains of nearest neighbours (Murtagh 1983, doi 10.1093/comjnl/26.4.354), which
//! join the same pairs as the greedy rule in time p². The distance of two clusters is the mean
//! of their members' distances, so joining never brings clusters nearer, and the clusters at a height
//! are what all joins up to it connect.

/// The cluster of each of `p` columns: the lowest position in it. `closeness` is p × p, distances are 1 less
/// it; clusters nearer than or at `height` are joined.
pub(crate) fn average(closeness: &[f64], p: usize, height: f64) -> Vec<usize> {
    let mut distance: Vec<f64> = closeness.iter().map(|c| 1.0 - c).collect();
    let mut size = vec![1.0_f64; p];
    let mut active: Vec<usize> = (0..p).collect();
    let mut cluster: Vec<usize> = (0..p).collect();
    let mut chain: Vec<usize> = Vec::new();
    while active.len() > 1 {
        let Some(&tip) = chain.last() else {
            chain.push(active[0]);
            continue;
        };
        // The one before the tip on a tie, so that the chain ends; else the earliest.
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let row = &distance[tip * p..(tip + 1) * p];
        let mut nearest = before;
        for &other in active.iter().filter(|&&other| other != tip) {
            if nearest.is_none_or(|n| row[other] < row[n]) {
                nearest = Some(other);
            }
        }
        let Some(nearest) = nearest else { break };
        if Some(nearest) != before {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (keeps, goes) = (tip.min(nearest), tip.max(nearest));
        if distance[keeps * p + goes] <= height {
            let (from, to) = (cluster[goes], cluster[keeps]);
            let lower = from.min(to);
            for member in &mut cluster {
                if *member == from || *member == to {
                    *member = lower;
                }
            }
        }
        let (a, b) = (size[keeps], size[goes]);
        active.retain(|&other| other != goes);
        for &other in active.iter().filter(|&&other| other != keeps) {
            let joined =
                (a * distance[keeps * p + other] + b * distance[goes * p + other]) / (a + b);
            distance[keeps * p + other] = joined;
            distance[other * p + keeps] = joined;
        }
        size[keeps] = a + b;
    }
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joins the nearest pair until none is near enough, by definition.
    fn greedy(closeness: &[f64], p: usize, height: f64) -> Vec<usize> {
        let mut clusters: Vec<Vec<usize>> = (0..p).map(|at| vec![at]).collect();
        loop {
            let mut best: Option<(f64, usize, usize)> = None;
            for i in 0..clusters.len() {
                for j in i + 1..clusters.len() {
                    let pairs = clusters[i].iter().flat_map(|&a| {
                        clusters[j].iter().map(move |&b| 1.0 - closeness[a * p + b])
                    });
                    let count = (clusters[i].len() * clusters[j].len()) as f64;
                    let d = pairs.sum::<f64>() / count;
                    if best.is_none_or(|(least, ..)| d < least) {
                        best = Some((d, i, j));
                    }
                }
            }
            match best {
                Some((d, i, j)) if d <= height => {
                    let gone = clusters.remove(j);
                    clusters[i].extend(gone);
                }
                _ => break,
            }
        }
        let mut of = vec![0; p];
        for members in clusters {
            let lowest = members.iter().copied().min().unwrap();
            for at in members {
                of[at] = lowest;
            }
        }
        of
    }

    #[test]
    fn chains_join_what_the_greedy_rule_joins() {
        let mut stream = raduet_study::random::Stream::new(1, "linkage test", 0);
        for p in [1, 2, 3, 9, 20] {
            let mut closeness = vec![1.0; p * p];
            for i in 0..p {
                for j in 0..i {
                    let r = stream.unit();
                    closeness[i * p + j] = r;
                    closeness[j * p + i] = r;
                }
            }
            for height in [0.05, 0.2, 0.4, 0.6] {
                let expected = greedy(&closeness, p, height);
                assert_eq!(average(&closeness, p, height), expected, "{p}, {height}");
            }
        }
    }
}
