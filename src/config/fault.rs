//! What can be wrong with a setting.

use crate::db::database_url::UnknownDatabase;
use crate::domain::fault::Fault;
use crate::domain::outbound::WrongItem;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingFault {
    #[error(transparent)]
    Value(#[from] Fault),
    #[error(transparent)]
    Database(#[from] UnknownDatabase),
    #[error(transparent)]
    Outbound(#[from] WrongItem),
    #[error("“{0}” is no address; write it like 127.0.0.1:8080")]
    Listen(String),
    #[error("a certificate needs its key: set tls_key too")]
    KeyMissing,
    #[error("a key needs its certificate: set tls_cert too")]
    CertificateMissing,
    #[error("“{0}” is no name of a header; write it like X-Forwarded-For")]
    Header(String),
    #[error("“{0}” is not how a server is reached; write it like https://hub.example")]
    PublicUrl(String),
    #[error("“{0}” is no origin; write each like https://app.example, with commas between")]
    Origin(String),
}
