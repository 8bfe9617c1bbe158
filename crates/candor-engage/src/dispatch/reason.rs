//! Why messages were dropped or failed: the closed lists of the contract.

/// Why a message did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Somebody ended its run.
    Stopped,
    /// Its time was over before it could go.
    Expired,
    /// The person has no address by this channel, or is not held any more.
    NoAddress,
    /// The person does not allow it.
    NoConsent,
    /// The address is left alone.
    Suppressed,
    /// The person is one of those who get nothing, to compare with.
    Control,
    /// A value that the content needs is not known.
    MissingData,
    /// The content itself said so.
    Aborted,
    /// What came out is no message.
    BadContent,
    /// It would have gone in hours in which nobody is written to.
    QuietHours,
    /// The campaign has written a newer one meanwhile.
    NewerMessage,
}

impl DropReason {
    /// All of them.
    pub const ALL: [DropReason; 11] = [
        DropReason::Stopped,
        DropReason::Expired,
        DropReason::NoAddress,
        DropReason::NoConsent,
        DropReason::Suppressed,
        DropReason::Control,
        DropReason::MissingData,
        DropReason::Aborted,
        DropReason::BadContent,
        DropReason::QuietHours,
        DropReason::NewerMessage,
    ];

    /// What it is called outside.
    pub fn word(self) -> &'static str {
        match self {
            DropReason::Stopped => "stopped",
            DropReason::Expired => "expired",
            DropReason::NoAddress => "no_address",
            DropReason::NoConsent => "no_consent",
            DropReason::Suppressed => "suppressed",
            DropReason::Control => "control",
            DropReason::MissingData => "missing_data",
            DropReason::Aborted => "aborted",
            DropReason::BadContent => "bad_content",
            DropReason::QuietHours => "quiet_hours",
            DropReason::NewerMessage => "newer_message",
        }
    }
}

/// The reasons of messages that a provider has refused for good, or said so later.
pub mod failed {
    /// There is no such address.
    pub const NO_SUCH_ADDRESS: &str = "no_such_address";
    /// The message is refused wherever it goes.
    pub const BAD_CONTENT: &str = "bad_content";
    /// It did not work for too long.
    pub const GAVE_UP: &str = "gave_up";
    /// It came back.
    pub const BOUNCED: &str = "bounced";
    /// Its reader called it spam.
    pub const COMPLAINT: &str = "complaint";
    /// All of them.
    pub const ALL: [&str; 5] = [NO_SUCH_ADDRESS, BAD_CONTENT, GAVE_UP, BOUNCED, COMPLAINT];
}

/// A reason as it stands in the catalog, by the word of the closed lists.
pub(super) fn known(reason: &Option<String>) -> Option<&'static str> {
    let reason = reason.as_deref()?;
    let all = DropReason::ALL.into_iter().map(DropReason::word).chain(failed::ALL);
    all.chain([candor_catalog::FREQUENCY_CAP]).find(|word| *word == reason)
}
