//! What must be transactional: publishers, logins, tokens, policies, definitions, and the folded
//! who-is-who and consents. The only room that speaks SQL.
//!
//! Definitions (segments and the like) are named documents that it does not interpret. People
//! appear only as keyed ids. What is folded from the log is written together with the offset that
//! it covers, in one transaction, so that it can be replayed from there.
//!
//! Entry type: [`Catalog`]. One file per noun.

mod audit;
mod campaigns;
mod consents;
mod credentials;
mod database;
mod definitions;
mod deliveries;
mod error;
mod fold;
mod leases;
mod lists;
mod messages;
mod moves;
mod policy;
mod publishers;
mod runs;
mod slots;
mod suppressions;
mod tokens;
mod users;
mod visits;

pub use audit::AuditEntry;
pub use campaigns::{Campaign, CampaignState, CampaignVersion};
pub use consents::Consent;
pub use credentials::{Credential, Standing};
pub use database::Catalog;
pub use definitions::{Definition, DefinitionChange, NewDefinition};
pub use deliveries::{Delivery, DeliveryState, Tally};
pub use error::Error;
pub use fold::Links;
pub use leases::{Lane, Lease};
pub use messages::Wanted;
pub use moves::{Cap, FREQUENCY_CAP, Moved};
pub use policy::PolicyVersion;
pub use publishers::{NewPublisher, Publisher};
pub use runs::{Group, Run, RunState};
pub use suppressions::{Suppression, SuppressionReason};
pub use tokens::{ApiToken, ListedToken};
pub use users::User;
pub use visits::{Visit, VisitKind, VisitTally};
