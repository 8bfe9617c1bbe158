//! What people do for themselves, without a log-in: a token stands for the person.
//!
//! `token` says whom one names, `said` writes down what they say, and `subscriptions` is the way of
//! the Web SDK's pages about mails.

mod language;
mod said;
pub mod subscriptions;
pub mod token;
