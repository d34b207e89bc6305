//! The product from outside, on both databases.

mod engine;
