//! What can go wrong on the way in, by what a caller can do about it.

/// A request, a record of the log or a fold that could not be carried through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record of the log is not what this version writes: restore it or its file.
    #[error("read a record of the log: {0}")]
    BadRecord(&'static str),
    /// A key is missing or a sealed text does not open.
    #[error("seal or open a record")]
    Keys(#[from] candor_keys::Error),
    /// The text is not what LZString writes, or would grow beyond its limit.
    #[error("the compressed text {0}")]
    BadText(&'static str),
    /// An index that tells repeats apart is full: try again later.
    #[error("too many records with an id and no time in 7 days")]
    Overloaded,
    /// The ids of a call name nobody.
    #[error("no id names a person")]
    Nobody,
    /// The log refused.
    #[error("the log")]
    Log(#[from] candor_log::Error),
    /// The store refused.
    #[error("the store")]
    Store(#[from] candor_store::Error),
}
