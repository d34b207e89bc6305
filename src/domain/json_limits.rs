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

/// Counts objects, lists and what is in them while text comes in; an empty one counts as if one thing were in it. What is
/// not JSON is counted too, whatever that means.
#[derive(Debug, Clone)]
pub struct Counter {
    depth_max: usize,
    values_max: usize,
    depth: usize,
    values: usize,
    in_text: bool,
    escaped: bool,
    /// Bytes that were counted.
    counted: usize,
}

impl Counter {
    pub fn new(depth_max: usize, values_max: usize) -> Self {
        Counter { depth_max, values_max, depth: 0, values: 1, in_text: false, escaped: false, counted: 0 }
    }

    /// Counts what has come since the last time. `text`: all that has come.
    pub fn count(&mut self, text: &[u8]) -> Result<(), TooMuch> {
        let begun = self.counted;
        self.counted = text.len();
        for (at, byte) in text.iter().copied().enumerate().skip(begun) {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    self.values += 1;
                    if self.depth > self.depth_max {
                        let (line, column) = place(text, at);
                        return Err(TooMuch::Deep { line, column });
                    }
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' => self.values += 1,
                _ => continue,
            }
            if self.values > self.values_max {
                return Err(TooMuch::Many);
            }
        }
        Ok(())
    }
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

    /// The same whether it comes at once or byte by byte.
    fn check(text: &[u8], depth_max: usize, values_max: usize) -> Result<(), TooMuch> {
        let at_once = Counter::new(depth_max, values_max).count(text);
        let mut counter = Counter::new(depth_max, values_max);
        let byte_by_byte = (0..=text.len()).try_for_each(|end| counter.count(&text[..end]));
        assert_eq!(byte_by_byte, at_once);
        at_once
    }

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
