//! The parts of a `postgres://` address, as libpq tells them apart (PostgreSQL 15, `conninfo_uri_parse_options`): what is
//! secret in it, what may be shown, and where something can be added.

/// Parameters whose values are secrets.
const SECRETS: [&str; 2] = ["password", "sslpassword"];

/// Parameters whose values are none. Those of any other name are not shown: it may be one of the secrets, misspelt.
const SHOWN: [&str; 30] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "passfile",
    "service",
    "options",
    "application_name",
    "fallback_application_name",
    "client_encoding",
    "connect_timeout",
    "target_session_attrs",
    "channel_binding",
    "gssencmode",
    "krbsrvname",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslmode",
    "sslcompression",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslcrl",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
];

/// An address in its parts, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresUrl<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    /// Hosts, ports, and the database.
    place: &'a str,
    /// Names with their values.
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> PostgresUrl<'a> {
    /// Of what has no scheme, all is the place.
    pub fn of(text: &'a str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        // Whatever stands before the host may hold any other sign, also one that begins something further on.
        let (before, after) = match rest.find(['@', '/']) {
            Some(at) if rest[at..].starts_with('@') => (Some(&rest[..at]), &rest[at + 1..]),
            _ => (None, rest),
        };
        let (user, password) = match before.map(|before| before.split_once(':').ok_or(before)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(user), Some(password)),
            Some(Err(user)) => (Some(user), None),
        };
        let (place, query) = after.split_once('?').unwrap_or((after, ""));
        let parameters = query.split('&').filter(|one| !one.is_empty());
        let parameters = parameters.map(|one| one.split_once('=').unwrap_or((one, ""))).collect();
        PostgresUrl { scheme, user, password, place, parameters }
    }

    /// Whether the part before the host holds an `@` of its own, which would make libpq take half of a password as host.
    pub fn has_bare_at(&self) -> bool {
        self.place.split('/').next().unwrap_or_default().contains('@')
    }

    /// Whether a `/` ends what was meant to stand before the host, and libpq would take half of a password as a port.
    pub fn has_bare_slash(&self) -> bool {
        self.user.is_none() && self.place.split_once('/').is_some_and(|(_, database)| database.contains('@'))
    }

    pub fn has(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|(name, _)| percent_decoded(name) == parameter)
    }

    pub fn has_parameters(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// What libpq takes as the password, decoded: the last that is given.
    pub fn password(&self) -> Option<String> {
        let named = |(name, _): &&(&str, &str)| percent_decoded(name) == "password";
        let in_query = self.parameters.iter().filter(named).map(|(_, value)| *value).next_back();
        in_query.or(self.password).map(percent_decoded)
    }

    /// For another program, whose arguments every user of the machine can read.
    pub fn without_secrets(&self) -> String {
        self.with_parameters(|name, value| (!is_secret(name)).then(|| format!("{name}={value}")))
    }

    /// For people. What may be a secret is not shown.
    pub fn shown(&self) -> String {
        if self.has_bare_at() || self.has_bare_slash() {
            let meant = self.place.rsplit_once('@').map_or("", |(_, place)| place);
            return format!("{}://…@{meant}", self.scheme);
        }
        self.with_parameters(|name, value| match percent_decoded(name).as_str() {
            known if SHOWN.contains(&known) => Some(format!("{name}={value}")),
            known if SECRETS.contains(&known) => None,
            _ => Some(format!("{name}=…")),
        })
    }

    fn with_parameters(&self, kept: impl Fn(&str, &str) -> Option<String>) -> String {
        let user = self.user.map(|user| format!("{user}@")).unwrap_or_default();
        let kept: Vec<String> =
            self.parameters.iter().filter_map(|(name, value)| kept(name, value)).collect();
        let sign = if kept.is_empty() { "" } else { "?" };
        format!("{}://{user}{}{sign}{}", self.scheme, self.place, kept.join("&"))
    }

    /// A message about the address, without what may be a secret of it.
    pub fn cleaned(&self, message: &str) -> String {
        let of_query = self.parameters.iter().filter(|(name, _)| !is_shown(name)).map(|(_, value)| *value);
        let secrets = self.password.into_iter().chain(of_query).filter(|secret| !secret.is_empty());
        secrets.fold(message.to_owned(), |text, secret| {
            text.replace(secret, "(password)").replace(&percent_decoded(secret), "(password)")
        })
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS.contains(&percent_decoded(name).as_str())
}

fn is_shown(name: &str) -> bool {
    SHOWN.contains(&percent_decoded(name).as_str())
}

/// As libpq reads it: `%40` is `@`, and `+` is itself.
fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_gets_the_password_by_itself() {
        for (text, address, password) in [
            (
                "postgres://me:se%40c+ret@h:5/d?sslmode=require",
                "postgres://me@h:5/d?sslmode=require",
                Some("se@c+ret"),
            ),
            ("postgres://me:s3c?r3t@h:5/d", "postgres://me@h:5/d", Some("s3c?r3t")),
            ("postgres://h/d?user=me&p%61ssword=a%25b", "postgres://h/d?user=me", Some("a%b")),
            ("postgres://me@h/d?sslpassword=x&sslkey=k", "postgres://me@h/d?sslkey=k", None),
            ("postgres://me@h/d", "postgres://me@h/d", None),
        ] {
            let url = PostgresUrl::of(text);
            assert_eq!(
                (url.without_secrets(), url.password()),
                (address.to_owned(), password.map(str::to_owned))
            );
        }
    }

    #[test]
    fn nothing_that_may_be_a_secret_is_shown() {
        for (text, shown) in [
            ("postgres://me:se%40cret@h:5/d?sslmode=require", "postgres://me@h:5/d?sslmode=require"),
            ("postgres://me:s3c?r3t@h/d", "postgres://me@h/d"),
            ("postgres://h/d?user=me&password=secret", "postgres://h/d?user=me"),
            ("postgres://h/d?p%61ssword=secret&sslpassword=secret", "postgres://h/d"),
            ("postgres://h/d?pasword=secret&PASSWORD=secret", "postgres://h/d?pasword=…&PASSWORD=…"),
            ("postgres://me:a/secret@h:5/d", "postgres://…@h:5/d"),
            ("postgres://me:a@secret@h:5/d", "postgres://…@h:5/d"),
            ("postgres://a,b:6/d?user=me@there", "postgres://a,b:6/d?user=me@there"),
        ] {
            assert_eq!(PostgresUrl::of(text).shown(), shown);
        }
        for (url, message) in [
            ("postgres://me:se%zz@h/d", "invalid token: \"se%zz\""),
            ("postgres://h/d?password=se%zz&x=y", "invalid token: \"se%zz\""),
            ("postgres://h/d?pasword=se%20t", "invalid: \"se t\""),
        ] {
            let cleaned = PostgresUrl::of(url).cleaned(message);
            assert!(cleaned.ends_with("\"(password)\""), "{cleaned}");
        }
        assert_eq!(PostgresUrl::of("postgres://h/d").cleaned("no host h"), "no host h");
    }

    #[test]
    fn signs_that_end_a_password_too_soon_are_noticed() {
        let seen = |text| {
            let url = PostgresUrl::of(text);
            (url.has_bare_at(), url.has_bare_slash())
        };
        assert_eq!(seen("postgres://me:a@b@h/d"), (true, false));
        assert_eq!(seen("postgres://me:a/b@h/d"), (false, true));
        assert_eq!(seen("postgres://me:a@h/d?x=@"), (false, false));
        assert_eq!(seen("postgres://me:a?b@h/d"), (false, false));
        assert_eq!(seen("postgres://h/d?user=me@there"), (false, false));
    }
}
