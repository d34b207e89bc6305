//! In Chinese, what is wrong with settings, certificates and keys.

use crate::config::{ConfigError, Origin, SettingFault};
use crate::listening::{Pem, TlsError};
use crate::secrets::SecretError;
use crate::words::Sentence;
use crate::words::errors::{InChinese, chinese};

impl InChinese for ConfigError {
    fn in_chinese(&self) -> Sentence {
        match self {
            ConfigError::Unreadable { path, source } => {
                chinese("setting-unreadable").with("path", path.as_path()).with("why", source.to_string())
            }
            ConfigError::Broken { path, line, wrong } => chinese("setting-broken")
                .with("path", path.as_path())
                .with("line", line.to_string())
                .with("what", wrong.in_chinese()),
            ConfigError::Value { key, origin, fault } => chinese("setting-value")
                .with("key", *key)
                .with("origin", origin.in_chinese())
                .with("what", fault.in_chinese()),
        }
    }
}

impl InChinese for Origin {
    fn in_chinese(&self) -> Sentence {
        match self {
            Origin::FlagOrEnvironment => chinese("setting-of-flag"),
            Origin::File { path, line } => {
                chinese("setting-of-file").with("path", path.as_path()).with("line", line.to_string())
            }
            Origin::Default => chinese("setting-of-default"),
        }
    }
}

impl InChinese for SettingFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            SettingFault::Value(fault) => fault.in_chinese(),
            SettingFault::Database(fault) => fault.in_chinese(),
            SettingFault::Outbound(fault) => fault.in_chinese(),
            SettingFault::Listen(given) => chinese("setting-listen").with("given", given.as_str()),
            SettingFault::KeyMissing => chinese("setting-key-missing"),
            SettingFault::CertificateMissing => chinese("setting-certificate-missing"),
            SettingFault::Header(given) => chinese("setting-header").with("given", given.as_str()),
            SettingFault::PublicUrl(given) => chinese("setting-public-url").with("given", given.as_str()),
            SettingFault::Origin(given) => chinese("setting-origin").with("given", given.as_str()),
        }
    }
}

impl InChinese for TlsError {
    fn in_chinese(&self) -> Sentence {
        match self {
            TlsError::Unreadable { key, path, source } => chinese("tls-unreadable")
                .with("key", *key)
                .with("path", path.as_path())
                .with("why", source.to_string()),
            TlsError::NotThere { key, path, what: Pem::Certificate } => {
                chinese("tls-no-certificate").with("key", *key).with("path", path.as_path())
            }
            TlsError::NotThere { key, path, what: Pem::PrivateKey } => {
                chinese("tls-no-private-key").with("key", *key).with("path", path.as_path())
            }
            TlsError::Broken { key, path, reason } => chinese("tls-broken")
                .with("key", *key)
                .with("path", path.as_path())
                .with("why", reason.as_str()),
            TlsError::Mismatch { cert, key } => {
                chinese("tls-mismatch").with("cert", cert.as_path()).with("key", key.as_path())
            }
            TlsError::Unusable { cert, key, reason } => chinese("tls-unusable")
                .with("cert", cert.as_path())
                .with("key", key.as_path())
                .with("why", reason.as_str()),
        }
    }
}

impl InChinese for SecretError {
    fn in_chinese(&self) -> Sentence {
        match self {
            SecretError::Malformed => chinese("secret-malformed"),
            SecretError::MalformedFile { path } => {
                chinese("secret-malformed-file").with("path", path.as_path())
            }
            SecretError::File { path, source } => {
                chinese("secret-file").with("path", path.as_path()).with("why", source.to_string())
            }
            SecretError::WrongKey => chinese("secret-wrong-key"),
            SecretError::Damaged => chinese("secret-damaged"),
        }
    }
}
