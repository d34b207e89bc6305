//! What can be wrong with a request as such, whose fields do not go together.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    #[error("must be en or zh, not “{0}”")]
    NoLanguage(String),
    #[error("is not possible in a batch: give an item each")]
    NotInABatch,
    #[error("does not go with {0}")]
    NotWith(&'static str),
    #[error("goes only with {0}")]
    OnlyWith(&'static str),
    #[error("must be first, up or down; or give swap_with, the id of another entry")]
    NoMove,
}
