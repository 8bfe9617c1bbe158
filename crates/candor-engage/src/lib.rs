//! From a campaign to messages, and from messages to channels.
//!
//! What is written to whom is a durable row for each recipient; whether it may go is asked at the
//! moment of hand-over; and what became of it comes back through the front door as an event of the
//! person. This is the one room that opens connections to the outside.
//!
//! Read in this order: `schedule`, `template`, `links`, `email_body`, `channel`, `provider`.

pub mod channel;
pub mod email_body;
pub mod links;
pub mod provider;
pub mod schedule;
pub mod template;
