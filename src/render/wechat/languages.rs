//! What words of code are, language by language: as much as it takes to colour them.

/// How a language is written.
#[derive(Debug)]
pub(super) struct Language {
    /// As fences name it, in small letters.
    names: &'static [&'static str],
    pub shape: Shape,
    pub line_comments: &'static [&'static str],
    pub block_comment: Option<(&'static str, &'static str)>,
    /// Each begins and ends a text.
    pub quotes: &'static str,
    /// Those of them whose texts may go over lines.
    pub long_quotes: &'static str,
    pub keywords: &'static [&'static str],
    pub constants: &'static [&'static str],
    /// Keywords may be written in capitals, too.
    pub any_case: bool,
    /// A quote may stand before a name alone.
    pub has_lifetimes: bool,
}

/// What its words are told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Statements: names that are called are functions, names with a capital are types.
    Statements,
    /// Commands: what follows a `$` is a variable.
    Commands,
    /// Names with values behind a colon or an equals sign.
    Pairs,
    /// Tags.
    Markup,
    /// Lines that came and went.
    Changes,
}

impl Language {
    const fn new(names: &'static [&'static str], shape: Shape) -> Language {
        Language {
            names,
            shape,
            line_comments: &[],
            block_comment: None,
            quotes: "\"'",
            long_quotes: "",
            keywords: &[],
            constants: &["true", "false", "null"],
            any_case: false,
            has_lifetimes: false,
        }
    }
}

const SLASHES: &[&str] = &["//"];
const HASH: &[&str] = &["#"];
const STARS: Option<(&str, &str)> = Some(("/*", "*/"));

#[rustfmt::skip]
static LANGUAGES: &[Language] = &[
    Language {
        line_comments: SLASHES, block_comment: STARS, long_quotes: "\"", has_lifetimes: true,
        constants: &["true", "false", "None", "Some", "Ok", "Err"],
        keywords: &["as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "fn", "for", "if",
            "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self", "static", "struct",
            "super", "trait", "type", "unsafe", "use", "where", "while", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64",
            "usize", "isize", "f32", "f64", "bool", "char", "str"],
        ..Language::new(&["rust", "rs"], Shape::Statements)
    },
    Language {
        line_comments: SLASHES, block_comment: STARS, quotes: "\"'`", long_quotes: "`",
        constants: &["true", "false", "null", "undefined", "NaN", "this", "super"],
        keywords: &["abstract", "any", "as", "async", "await", "boolean", "break", "case", "catch", "class", "const", "continue",
            "debugger", "declare", "default", "delete", "do", "else", "enum", "export", "extends", "finally", "for", "from",
            "function", "get", "if", "implements", "import", "in", "instanceof", "interface", "keyof", "let", "namespace", "new",
            "number", "of", "private", "protected", "public", "readonly", "return", "set", "static", "string", "switch", "throw",
            "try", "type", "typeof", "var", "void", "while", "yield"],
        ..Language::new(&["javascript", "js", "jsx", "mjs", "cjs", "typescript", "ts", "tsx"], Shape::Statements)
    },
    Language {
        line_comments: HASH, constants: &["True", "False", "None", "self", "cls"],
        keywords: &["and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
            "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match", "nonlocal", "not", "or", "pass",
            "raise", "return", "try", "while", "with", "yield"],
        ..Language::new(&["python", "py", "python3", "py3"], Shape::Statements)
    },
    Language {
        line_comments: SLASHES, block_comment: STARS, quotes: "\"'`", long_quotes: "`", constants: &["true", "false", "nil", "iota"],
        keywords: &["any", "bool", "break", "byte", "case", "chan", "const", "continue", "default", "defer", "else", "error",
            "fallthrough", "float64", "for", "func", "go", "goto", "if", "import", "int", "int32", "int64", "interface", "map",
            "package", "range", "return", "rune", "select", "string", "struct", "switch", "type", "uint", "var"],
        ..Language::new(&["go", "golang"], Shape::Statements)
    },
    Language {
        line_comments: SLASHES, block_comment: STARS, constants: &["true", "false", "null", "NULL", "nullptr", "this"],
        keywords: &["#define", "#endif", "#if", "#ifdef", "#ifndef", "#include", "#pragma", "auto", "bool", "break", "case", "catch",
            "char", "class", "const", "constexpr", "continue", "default", "delete", "do", "double", "else", "enum", "extern",
            "float", "for", "goto", "if", "inline", "int", "long", "namespace", "new", "operator", "private", "protected",
            "public", "return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "throw", "try", "typedef",
            "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while"],
        ..Language::new(&["c", "h", "cpp", "c++", "cc", "cxx", "hpp", "objc", "objective-c"], Shape::Statements)
    },
    Language {
        line_comments: SLASHES, block_comment: STARS, constants: &["true", "false", "null", "nil", "this", "self", "super", "base", "it"],
        keywords: &["abstract", "actor", "as", "async", "await", "base", "boolean", "break", "byte", "case", "catch", "char", "class",
            "companion", "const", "constructor", "continue", "data", "def", "default", "defer", "do", "double", "else", "enum",
            "extends", "extension", "final", "finally", "float", "for", "foreach", "fun", "func", "get", "given", "guard", "if",
            "implements", "implicit", "import", "in", "init", "instanceof", "int", "interface", "internal", "is", "lateinit",
            "lazy", "let", "long", "match", "mixin", "mutating", "namespace", "native", "new", "object", "open", "override",
            "package", "private", "protected", "protocol", "public", "readonly", "record", "return", "sealed", "set", "short",
            "static", "string", "struct", "suspend", "switch", "synchronized", "throw", "throws", "trait", "try", "using", "val",
            "var", "virtual", "void", "volatile", "when", "where", "while", "with", "yield"],
        ..Language::new(&["java", "kotlin", "kt", "scala", "swift", "csharp", "cs", "c#", "dart", "groovy", "gradle"], Shape::Statements)
    },
    Language {
        line_comments: &["//", "#"], block_comment: STARS, constants: &["true", "false", "null", "TRUE", "FALSE", "NULL"],
        keywords: &["abstract", "as", "break", "case", "catch", "class", "const", "continue", "default", "do", "echo", "else",
            "elseif", "extends", "final", "finally", "fn", "for", "foreach", "function", "global", "if", "implements", "interface",
            "match", "namespace", "new", "private", "protected", "public", "readonly", "require", "return", "static", "switch",
            "throw", "trait", "try", "use", "while", "yield"],
        ..Language::new(&["php"], Shape::Commands)
    },
    Language {
        line_comments: HASH, constants: &["true", "false", "nil", "self"],
        keywords: &["alias", "and", "begin", "break", "case", "class", "def", "do", "else", "elsif", "end", "ensure", "for", "if",
            "in", "module", "my", "next", "not", "or", "package", "redo", "require", "rescue", "retry", "return", "sub", "super",
            "then", "undef", "unless", "until", "use", "when", "while", "yield"],
        ..Language::new(&["ruby", "rb", "elixir", "ex", "perl", "pl", "crystal"], Shape::Statements)
    },
    Language {
        line_comments: HASH, long_quotes: "\"'", constants: &["true", "false"],
        keywords: &["break", "case", "continue", "do", "done", "elif", "else", "esac", "exit", "export", "fi", "for", "function", "if",
            "in", "local", "read", "return", "set", "shift", "source", "sudo", "then", "trap", "unset", "until", "while",
            "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "RUN", "USER", "VOLUME", "WORKDIR"],
        ..Language::new(&["bash", "sh", "shell", "zsh", "console", "fish", "dockerfile", "docker", "makefile", "make"], Shape::Commands)
    },
    Language {
        line_comments: &["--"], block_comment: STARS, any_case: true, quotes: "\"'`", long_quotes: "'",
        keywords: &["add", "all", "alter", "and", "as", "asc", "begin", "between", "bigint", "boolean", "by", "case", "check",
            "column", "commit", "conflict", "constraint", "create", "cross", "database", "default", "delete", "desc", "distinct",
            "do", "drop", "else", "end", "exists", "for", "foreign", "from", "full", "group", "having", "if", "in", "index", "inner",
            "insert", "int", "integer", "into", "is", "join", "key", "left", "like", "limit", "locked", "not", "offset", "on", "or",
            "order", "outer", "partition", "primary", "references", "returning", "right", "rollback", "select", "set", "skip",
            "table", "text", "then", "timestamp", "transaction", "trigger", "union", "unique", "update", "using", "values",
            "varchar", "view", "when", "where", "with"],
        ..Language::new(&["sql", "mysql", "postgresql", "postgres", "sqlite", "plsql"], Shape::Statements)
    },
    Language {
        line_comments: &["--"], block_comment: Some(("--[[", "]]")), constants: &["true", "false", "nil"],
        keywords: &["and", "break", "do", "else", "elseif", "end", "for", "function", "goto", "if", "in", "local", "not", "or",
            "repeat", "return", "then", "until", "while"],
        ..Language::new(&["lua"], Shape::Statements)
    },
    Language { line_comments: SLASHES, block_comment: STARS, ..Language::new(&["json", "json5", "jsonc", "css", "scss", "less"], Shape::Pairs) },
    Language {
        line_comments: &["#", ";"], constants: &["true", "false", "null", "yes", "no", "on", "off"],
        ..Language::new(&["yaml", "yml", "toml", "ini", "conf", "properties", "env", "nginx"], Shape::Pairs)
    },
    Language {
        block_comment: Some(("<!--", "-->")), long_quotes: "\"'",
        ..Language::new(&["html", "htm", "xml", "svg", "xhtml", "vue", "svelte"], Shape::Markup)
    },
    Language { quotes: "", ..Language::new(&["diff", "patch"], Shape::Changes) },
];

/// By a name that a fence has, in whatever case; none: nobody here knows it.
pub(super) fn language(name: &str) -> Option<&'static Language> {
    let name = name.to_ascii_lowercase();
    LANGUAGES.iter().find(|language| language.names.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_name_is_one_language() {
        let mut seen = HashSet::new();
        for name in LANGUAGES.iter().flat_map(|language| language.names) {
            assert!(seen.insert(name), "{name} is there twice");
            assert!(language(&name.to_uppercase()).is_some(), "{name}");
        }
    }
}
