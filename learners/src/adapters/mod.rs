//! Foreign libraries, each named in one file. Learners among them only fit; what they fitted becomes a
//! model of ours.

pub(crate) mod faer;
pub(crate) mod libsvm;
pub(crate) mod linfa;
pub(crate) mod pulp;
pub(crate) mod smartcore;
