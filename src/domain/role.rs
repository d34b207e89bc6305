//! What a token may do.

super::text_enum! {
    /// Each may do all that the one before it may.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Contents, entries, import.
        Editor = "editor",
        /// Triggers, publishes, retries, resolves, approves, suspends, resumes, pauses.
        Operator = "operator",
        /// Accounts, tokens, tasks, settings, audit.
        Admin = "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::Role::*;

    #[test]
    fn each_role_may_do_what_the_one_before_it_may() {
        assert!(Viewer < Editor && Editor < Operator && Operator < Admin);
    }
}
