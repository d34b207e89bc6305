//! What accounts and tasks may be called.

use super::field_error::FieldError;

/// Commands take a number for an id: whoever were called so could not be told from another's number.
pub fn is_no_number(name: &str) -> Result<(), FieldError> {
    match name.trim().parse::<i128>() {
        Err(_) => Ok(()),
        Ok(_) => Err(FieldError::new("name", "must not be a number, which commands read as an id")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_no_name() {
        for name in ["1", " 007 ", "-3", "+3"] {
            assert!(is_no_number(name).is_err(), "{name}");
        }
        for name in ["blog", "2nd", "1.5", "2026-11-29", "一"] {
            assert!(is_no_number(name).is_ok(), "{name}");
        }
    }
}
