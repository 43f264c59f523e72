//! Grows one tree: depth first, or the most rewarding split first where the leaves are counted.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use rayon::prelude::*;

use crate::tree::draft::{Draft, DraftNode, DraftSplit, narrow};
use crate::tree::limits::Limits;

/// The best split of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    /// Column compared.
    pub(crate) column: usize,
    /// Values up to and including it go left.
    pub(crate) threshold: f64,
    /// Rank of the greatest value that goes left, where the search knows ranks.
    pub(crate) below: usize,
    /// Whether undefined values go left; `None` where the node has none in this column.
    pub(crate) missing_left: Option<bool>,
    /// Impurities of the children times their weights, summed.
    pub(crate) summed_impurity: f64,
}

/// Sums over a node's members.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NodeSums {
    /// Weight of the members.
    pub(crate) weight: f64,
    /// Impurity of the members.
    pub(crate) impurity: f64,
    /// Whether there is nothing to split.
    pub(crate) is_pure: bool,
}

/// A way to look for splits; it holds the members in the order of nodes.
pub(crate) trait Search: Sync + Sized {
    /// Number of a row.
    type Row: Send;

    /// Number of members of the root.
    fn members(&self) -> usize;

    /// Sums over the members at `span`.
    fn enter(&mut self, span: Range<usize>) -> NodeSums;

    /// The best split of the members at `span`.
    fn best(&mut self, span: Range<usize>) -> Option<Found>;

    /// Moves the members that go left to the front of `span`; returns how many they are. `found` is of
    /// the latest call of [`Search::best`] or of an earlier one for this span.
    fn part(&mut self, span: Range<usize>, found: &Found) -> usize;

    /// Called after [`Search::part`] if a child will be searched.
    fn keep_up(&mut self, _span: Range<usize>) {}

    /// What the branch at `span` is grown with on its own, if that is worth while.
    fn detachable(&mut self, _span: Range<usize>) -> Option<u64> {
        None
    }

    /// A search over the members at `span` alone; `key` as [`Search::detachable`] gave it.
    fn detached(&self, _span: Range<usize>, _key: u64) -> Option<Self> {
        None
    }

    /// The members in the order of nodes.
    fn into_members(self) -> Vec<Self::Row>;

    /// Takes the order of members from a detached search.
    fn attach(&mut self, _span: Range<usize>, _members: &[Self::Row]) {}
}

/// A node to be split.
struct Waiting {
    node: usize,
    depth: usize,
    /// Its split, where found already, with its decrease of impurity.
    found: Option<(f64, Found)>,
}

impl Waiting {
    fn decrease(&self) -> f64 {
        self.found.map_or(0.0, |(decrease, _)| decrease)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    /// By decrease; of equals the older node is the greater.
    fn cmp(&self, other: &Self) -> Ordering {
        self.decrease()
            .total_cmp(&other.decrease())
            .then(other.node.cmp(&self.node))
    }
}

/// Nodes to be split, and which of them is next.
enum Frontier {
    DepthFirst(Vec<Waiting>),
    BestFirst(BinaryHeap<Waiting>),
}

/// A branch that is grown on its own.
struct Branch {
    node: usize,
    depth: usize,
    key: u64,
}

struct Grower<'a, S> {
    search: &'a mut S,
    limits: &'a Limits,
    /// Weight of all training rows.
    whole: f64,
    draft: Draft,
    frontier: Frontier,
}

/// Grows a tree over the members of `search`.
pub(crate) fn grow<S: Search + Send>(search: &mut S, limits: &Limits) -> Draft {
    grow_branch(search, limits, 0, None)
}

fn grow_branch<S: Search + Send>(
    search: &mut S,
    limits: &Limits,
    depth: usize,
    whole: Option<f64>,
) -> Draft {
    let members = 0..search.members();
    let root = search.enter(members.clone());
    let mut grower = Grower {
        search,
        limits,
        whole: whole.unwrap_or(root.weight),
        draft: Draft {
            // At once, so that the next tree finds room where this one was.
            nodes: Vec::with_capacity(limits.most_nodes(members.len(), depth)),
        },
        frontier: match limits.max_leaves {
            None => Frontier::DepthFirst(Vec::new()),
            Some(_) => Frontier::BestFirst(BinaryHeap::new()),
        },
    };
    if grower.add(members, root, depth) {
        grower.wait(0, depth);
    }
    grower.run();
    grower.draft
}

impl<S: Search + Send> Grower<'_, S> {
    /// Adds a node; says whether it may be split.
    fn add(&mut self, span: Range<usize>, sums: NodeSums, depth: usize) -> bool {
        let limits = self.limits;
        let may_split = depth < limits.max_depth
            && span.len() >= limits.min_split
            && sums.weight >= 2.0 * limits.leaf.weight
            && !sums.is_pure;
        let node = DraftNode::new(span, sums.weight, sums.impurity);
        self.draft.nodes.push(node);
        may_split
    }

    /// Puts a node into the frontier.
    fn wait(&mut self, node: usize, depth: usize) {
        match &mut self.frontier {
            Frontier::DepthFirst(stack) => stack.push(Waiting {
                node,
                depth,
                found: None,
            }),
            Frontier::BestFirst(_) => {
                let found = self.find(node);
                if let (Some(found), Frontier::BestFirst(heap)) = (found, &mut self.frontier) {
                    heap.push(Waiting {
                        node,
                        depth,
                        found: Some(found),
                    });
                }
            }
        }
    }

    /// The best split of a node and its decrease of impurity, if it is worth making.
    fn find(&mut self, node: usize) -> Option<(f64, Found)> {
        let span = self.draft.nodes[node].span();
        let sums = self.search.enter(span.clone());
        let found = self.search.best(span)?;
        let decrease = (sums.weight * sums.impurity - found.summed_impurity) / self.whole;
        // The tolerance is scikit-learn's.
        (decrease + f64::EPSILON >= self.limits.min_decrease).then_some((decrease, found))
    }

    fn run(&mut self) {
        let mut branches: Vec<Branch> = Vec::new();
        let mut leaves = 1;
        loop {
            let next = match &mut self.frontier {
                Frontier::DepthFirst(stack) => stack.pop(),
                Frontier::BestFirst(heap) => heap.pop(),
            };
            let Some(Waiting { node, depth, found }) = next else {
                break;
            };
            let span = self.draft.nodes[node].span();
            let found = if found.is_some() {
                found
            } else if let Some(key) = self.search.detachable(span) {
                branches.push(Branch { node, depth, key });
                continue;
            } else {
                self.find(node)
            };
            let Some((_, found)) = found else { continue };
            self.split(node, depth, &found);
            leaves += 1;
            if self.limits.max_leaves.is_some_and(|most| leaves >= most) {
                break;
            }
        }
        self.grow_detached(&branches);
    }

    /// Makes two children of a node.
    fn split(&mut self, node: usize, depth: usize, found: &Found) {
        let span = self.draft.nodes[node].span();
        let left = self.search.part(span.clone(), found);
        let right = span.len() - left;
        let first = self.draft.nodes.len();
        self.draft.nodes[node].split = Some(DraftSplit {
            column: narrow(found.column),
            left: narrow(first),
            threshold: found.threshold,
            // Where training met none, undefined values go with the greater number, as in scikit-learn.
            missing_left: found.missing_left.unwrap_or(left > right),
        });
        let middle = span.start + left;
        let mut splittable = [false; 2];
        for (may_split, child) in splittable
            .iter_mut()
            .zip([span.start..middle, middle..span.end])
        {
            let sums = self.search.enter(child.clone());
            *may_split = self.add(child, sums, depth + 1);
        }
        if splittable.contains(&true) {
            self.search.keep_up(span);
        }
        // The left child is searched first.
        for child in [1, 0] {
            if splittable[child] {
                self.wait(first + child, depth + 1);
            }
        }
    }

    /// Grows the branches set aside, in parallel, and puts them into their places.
    fn grow_detached(&mut self, branches: &[Branch]) {
        let (search, limits, whole) = (&*self.search, self.limits, self.whole);
        let nodes = &self.draft.nodes;
        let grown: Vec<Option<(Draft, Vec<S::Row>)>> = branches
            .par_iter()
            .map(|branch| {
                let mut own = search.detached(nodes[branch.node].span(), branch.key)?;
                let draft = grow_branch(&mut own, limits, branch.depth, Some(whole));
                Some((draft, own.into_members()))
            })
            .collect();
        for (branch, grown) in branches.iter().zip(grown) {
            let Some((draft, members)) = grown else {
                continue;
            };
            let span = self.draft.nodes[branch.node].span();
            self.search.attach(span.clone(), &members);
            self.draft.graft(branch.node, draft, span.start);
        }
    }
}
