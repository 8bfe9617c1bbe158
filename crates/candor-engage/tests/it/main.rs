//! What a template makes of values, in files that the preview in the browser can be held to, too.
#![allow(clippy::unwrap_used)]

mod golden;
mod speed;
