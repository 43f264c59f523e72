//! Which columns a node looks at.

use raduet_study::random::Stream;

/// All columns, or some of them drawn anew for every node, and more until one varies within the node.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    /// A permutation of all columns; draws move to its front.
    pool: Vec<usize>,
    drawn: Option<Drawn>,
}

#[derive(Debug, Clone)]
struct Drawn {
    count: usize,
    stream: Stream,
}

impl Draws {
    /// Every column, in order.
    pub(crate) fn all(width: usize) -> Self {
        Self {
            pool: (0..width).collect(),
            drawn: None,
        }
    }

    /// `count` columns a node; every one in order if that is all of them.
    pub(crate) fn some(width: usize, count: usize, stream: Stream) -> Self {
        Self {
            drawn: (count < width).then_some(Drawn { count, stream }),
            ..Self::all(width)
        }
    }

    /// Looks at the columns of one node; `varies` looks at one and says whether it varies there.
    pub(crate) fn visit(&mut self, mut varies: impl FnMut(usize) -> bool) {
        let Some(Drawn { count, stream }) = &mut self.drawn else {
            for &column in &self.pool {
                varies(column);
            }
            return;
        };
        let mut any_varies = false;
        for drawn in 0..self.pool.len() {
            if drawn >= *count && any_varies {
                break;
            }
            let pick = drawn + stream.below(self.pool.len() - drawn);
            self.pool.swap(drawn, pick);
            any_varies |= varies(self.pool[drawn]);
        }
    }

    /// A number that the draws of a branch grown on its own start from.
    pub(crate) fn branch_key(&mut self) -> u64 {
        self.drawn.as_mut().map_or(0, |drawn| drawn.stream.bits())
    }

    /// The draws of a branch grown on its own.
    pub(crate) fn of_branch(&self, key: u64) -> Self {
        Self {
            pool: (0..self.pool.len()).collect(),
            drawn: self.drawn.as_ref().map(|drawn| Drawn {
                count: drawn.count,
                stream: Stream::new(key, "columns of a branch", 0),
            }),
        }
    }
}
