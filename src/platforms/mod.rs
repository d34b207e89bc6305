//! Where posts go. A platform knows its protocol and says what it saw; it never sees SQL, actors or HTTP handlers.

pub mod platform;
