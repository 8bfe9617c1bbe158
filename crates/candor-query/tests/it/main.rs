//! Each question against a naive evaluator on random data with ties, late events and merged
//! people, and against golden files.
#![allow(clippy::unwrap_used)]

mod board;
mod find;
mod funnel;
mod golden;
mod leaves;
mod membership;
mod naive;
mod paths;
mod pivot;
mod retention;
mod rfm;
mod stickiness;
mod trend;
mod world;
