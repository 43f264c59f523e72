//! The filters of IBSI 2 (the reference manual of convolutional filters).
