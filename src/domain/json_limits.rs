//! How deep JSON goes and how many values it has, counted before it is read: each value costs many times its length in
//! memory, and each level a place on the stack.

/// What is too much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMuch {
    /// Deeper than allowed, here: line and column, in characters, from 1.
    Deep { line: usize, column: usize },
    /// More values than allowed.
    Many,
}

/// Counts objects, lists and what is in them; an empty one counts as if one thing were in it. What is not JSON is
/// counted too, whatever that means.
pub fn check(text: &[u8], depth_max: usize, values_max: usize) -> Result<(), TooMuch> {
    let (mut depth, mut values, mut in_text, mut escaped) = (0_usize, 1_usize, false, false);
    for (at, byte) in text.iter().copied().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                if depth > depth_max {
                    let (line, column) = place(text, at);
                    return Err(TooMuch::Deep { line, column });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => continue,
        }
        if values > values_max {
            return Err(TooMuch::Many);
        }
    }
    Ok(())
}

/// Line and column of a byte, in characters, from 1.
pub fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    (line, String::from_utf8_lossy(&before[line_start..]).chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_told_with_its_place() {
        assert_eq!(check(br#"{"a":[1,{"b":"[[[[\"[["}]}"#, 3, 100), Ok(()));
        assert_eq!(
            check("{\"é\":[1,\n {\"b\":[]}]}".as_bytes(), 3, 100),
            Err(TooMuch::Deep { line: 2, column: 7 })
        );
        assert_eq!(check(b"[[]", 1, 100), Err(TooMuch::Deep { line: 1, column: 2 }));
        assert_eq!(
            check("[".repeat(10_000).as_bytes(), 64, 100_000),
            Err(TooMuch::Deep { line: 1, column: 65 })
        );
        assert_eq!(check(b"]]]][", 1, 100), Ok(()));
    }

    #[test]
    fn values_are_counted_outside_of_text() {
        assert_eq!(check(b"[1,2,3]", 9, 4), Ok(()), "itself, and three");
        assert_eq!(check(b"[1,2,3,4]", 9, 4), Err(TooMuch::Many));
        assert_eq!(check(br#"[",,,,,,,,\",,,,"]"#, 9, 2), Ok(()));
        assert_eq!(check(b"[{},{},{}]", 9, 6), Err(TooMuch::Many));
    }
}
