//! The whole product: the real binary on a temporary folder and a free port.
#![allow(clippy::unwrap_used)]

mod access;
mod assets;
mod boards;
mod campaigns;
mod canary;
mod captures;
mod channels;
mod country;
mod described;
mod durable;
mod elsewhere;
mod export;
mod flow;
mod given_back;
mod grids;
mod import;
mod insights;
mod leaves;
mod members;
mod names;
mod power;
mod privacy;
mod refused;
mod repeats;
mod rest;
mod restart;
mod segments;
mod sending;
mod server;
mod sql;
mod story;
mod templates;
mod who;
