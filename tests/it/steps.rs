//! Publishes of several steps.
