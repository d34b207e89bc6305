//! The style that matters, as tests that read `src/`: who may import whom, who writes a status, and the small things.
//!
//! Each check is a function of a path below `src` and a text, so that a made-up file can show that it is able to fail.

pub mod source;

use source::{Strings, code, in_brackets, items, line_of, places, word};
use std::fs;
use std::path::Path;

/// Who may import whom. What has no row (the top-level files, `demo`, `bench`) may import anything, and only the top
/// may import it. Every folder needs a row.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("render", &[]),
    ("secrets", &["domain"]),
    ("engine", &["domain"]),
    ("metrics", &["domain"]),
    ("media", &["domain"]),
    ("import", &["domain", "media", "render"]),
    ("config", &["domain", "db"]),
    ("error_codes", &[]),
    ("listening", &["config", "domain", "error_codes"]),
    ("db", &["domain"]),
    ("platforms", &["domain", "media", "render", "secrets"]),
    ("operations", &["db", "domain", "media", "platforms", "render", "secrets", "import", "words"]),
    ("tasks", &["operations", "import", "media", "db", "domain"]),
    ("words", &["domain"]),
    ("views", &["domain", "db", "words"]),
    (
        "actors",
        &[
            "engine",
            "media",
            "metrics",
            "tasks",
            "operations",
            "platforms",
            "db",
            "domain",
            "views",
            "secrets",
        ],
    ),
];
/// The top layer: anything but each other.
const TOP: &[&str] = &["api", "web", "cli"];
const FREE_FOLDERS: &[&str] = &["bench", "demo"];
/// The only files that change the status of an entry that is there, and the one that makes entries.
const STATUS_WRITERS: &[&str] = &[
    "db/claim.rs",
    "db/claim/questions.rs",
    "db/transitions.rs",
    "db/transitions/by_hand.rs",
    "db/transitions/late.rs",
    "db/transitions/late_posts.rs",
    "db/transitions/restored.rs",
    "db/transitions/settle.rs",
];
const ENTRY_MAKER: &str = "db/entries/adding.rs";
const LINES_MAX: usize = 400;
/// What connects to others or looks their names up, and who may: the client that all platforms share, which judges each
/// address before it is dialled. `config.rs` reads the address to listen on, `listening` takes connections, and the hostile
/// clients of the bench have one server, which is ours.
const WIRE_WORDS: &[&str] =
    &["awc", "actix_tls", "TcpStream", "TcpSocket", "UdpSocket", "ToSocketAddrs", "lookup_host"];
const WIRES: &[&str] =
    &["platforms/http", "platforms/outbound.rs", "config.rs", "listening", "bench/hostile"];

#[test]
fn arrows_only_go_down() {
    hold(arrows);
}

#[test]
fn only_two_files_write_a_status() {
    hold(status_writers);
}

#[test]
fn only_one_client_makes_connections() {
    hold(wires);
}

#[test]
fn no_file_is_giant_or_without_a_module_doc() {
    hold(shape);
}

#[test]
fn nothing_is_left_unfinished() {
    hold(leftovers);
}

type Check = fn(&str, &str) -> Vec<String>;

#[track_caller]
fn hold(check: Check) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut seen, mut wrong, mut folders) = (0, Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let name = path.strip_prefix(&root).expect("below src").display().to_string();
                let text = fs::read_to_string(&path).expect("a readable source file");
                seen += 1;
                wrong.extend(check(&name, &text).into_iter().map(|what| format!("src/{name}: {what}")));
            }
        }
    }
    wrong.sort();
    assert!(seen > 10, "only {seen} files in {}", root.display());
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn arrows(name: &str, text: &str) -> Vec<String> {
    let (layer, in_folder) = match name.split_once('/') {
        Some((folder, _)) => (folder, true),
        None => (name.trim_end_matches(".rs"), false),
    };
    let row = ARROWS.iter().find(|(from, _)| *from == layer).map(|(_, to)| *to);
    if row.is_none() && in_folder && !TOP.contains(&layer) && !FREE_FOLDERS.contains(&layer) {
        return vec![format!("“{layer}” has no row in tests/it/tidy.rs: say what it may import")];
    }
    let code = code(text, Strings::Blanked);
    let allowed = |to: &str| match row {
        Some(row) => to == layer || row.contains(&to),
        None => to == layer || !(TOP.contains(&layer) && TOP.contains(&to)),
    };
    let mut wrong = Vec::new();
    for (at, to) in imports(name, &code) {
        if !allowed(to) {
            wrong.push(format!("line {}: {layer} must not import {to}", line_of(&code, at)));
        }
    }
    wrong
}

/// Every module of the crate's root that is named by `crate::`, or by `super::` from where that is the root.
fn imports<'a>(name: &str, code: &'a str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut named = |at: usize, after: &'a str| match after.trim_start().strip_prefix('{') {
        Some(_) => {
            found.extend(items(in_brackets(after.trim_start())).into_iter().map(|item| (at, word(item))))
        }
        None => found.push((at, word(after))),
    };
    for prefix in ["crate::", "contenthub::"] {
        for at in places(code, prefix) {
            named(at, &code[at + prefix.len()..]);
        }
    }
    let depth = name.matches('/').count() + usize::from(!name.ends_with("mod.rs"));
    let is_layer = |to: &str| ARROWS.iter().any(|(from, _)| *from == to) || TOP.contains(&to);
    for at in places(code, "super::") {
        let chain = &code[at..];
        let rest = chain.trim_start_matches("super::");
        let ups = (chain.len() - rest.len()) / "super::".len();
        if name.contains('/') && ups >= depth && is_layer(word(rest)) {
            named(at, rest);
        }
    }
    found.retain(|(_, to)| !to.is_empty() && *to != "self");
    found
}

fn status_writers(name: &str, text: &str) -> Vec<String> {
    let code = code(text, Strings::Kept);
    let mut wrong = Vec::new();
    if !STATUS_WRITERS.contains(&name) {
        let lines = sql_status_writes(&code).into_iter().chain(diesel_status_writes(&code));
        wrong.extend(
            lines.map(|line| format!("line {line}: writes an entry's status; only {STATUS_WRITERS:?} may")),
        );
    }
    if name != ENTRY_MAKER {
        let sql = code.to_lowercase();
        let inserts =
            ["insert into publish_pool", "insert or replace into publish_pool", "insert_into(publish_pool"];
        let inserts = inserts.iter().flat_map(|what| places(&sql, what).collect::<Vec<_>>());
        let by_path = places(&sql, "insert_into(").filter(|&at| {
            let table = in_brackets(&sql[at + "insert_into".len()..]);
            table.contains("::publish_pool") || table.contains("publish_pool::")
        });
        wrong.extend(
            inserts
                .chain(by_path)
                .map(|at| format!("line {}: makes a pool entry; only {ENTRY_MAKER} may", line_of(&sql, at))),
        );
    }
    wrong
}

/// `UPDATE publish_pool … SET … status = …`, before its WHERE or FROM.
fn sql_status_writes(code: &str) -> Vec<usize> {
    let sql = code.to_lowercase();
    let mut lines = Vec::new();
    for at in places(&sql, "update") {
        let statement = sql[at..].split('"').next().unwrap_or_default();
        let words: Vec<&str> =
            statement.split(|c: char| c.is_whitespace() || c == '\\').filter(|it| !it.is_empty()).collect();
        let of_the_pool = words.get(1).is_some_and(|table| table.ends_with("publish_pool"));
        let set =
            words.iter().skip_while(|it| **it != "set").take_while(|it| !matches!(**it, "where" | "from"));
        let set = set.copied().collect::<Vec<_>>().join(" ");
        let writes =
            places(&set, "status").any(|at| set[at + "status".len()..].trim_start().starts_with('='));
        if of_the_pool && writes {
            lines.push(line_of(&sql, at));
        }
    }
    lines
}

/// `update(publish_pool …).set(… status …)`. A `set` that does not show its columns is refused too, and so is a target
/// that was built elsewhere, in a file that knows the pool.
fn diesel_status_writes(code: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    for at in places(code, "update(") {
        let call = &code[at + "update".len()..];
        let target = in_brackets(call);
        let rest = call[(target.len() + 2).min(call.len())..].trim_start();
        let built_elsewhere = target.trim() == word(target) && code.contains("publish_pool");
        let Some(set) = rest.strip_prefix(".set").map(in_brackets) else { continue };
        let writes = places(set, "status").next().is_some() || !set.contains(".eq(");
        if (target.contains("publish_pool") || built_elsewhere) && writes {
            lines.push(line_of(code, at));
        }
    }
    lines
}

fn wires(name: &str, text: &str) -> Vec<String> {
    if WIRES.iter().any(|wire| name.starts_with(wire)) {
        return Vec::new();
    }
    let code = code(text, Strings::Blanked);
    let found = WIRE_WORDS.iter().flat_map(|word| places(&code, word).map(move |at| (at, word)));
    let told = |(at, word)| format!("line {}: {word}: only {WIRES:?} make connections", line_of(&code, at));
    found.map(told).collect()
}

/// `diesel print-schema` writes it to the byte (`diesel.toml`), in one file: it is as long as there are tables. Nobody reads or
/// changes it by hand, which is what the limit is for.
const PRINTED: &str = "db/schema.rs";

fn shape(name: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX && name != PRINTED {
        wrong.push(format!("{lines} lines; split it by meaning before {LINES_MAX}"));
    }
    if !text.starts_with("//! ") {
        wrong.push("does not begin with a module doc (//!)".to_owned());
    }
    wrong
}

fn leftovers(_: &str, text: &str) -> Vec<String> {
    let code = code(text, Strings::Blanked);
    let mut wrong = Vec::new();
    for what in ["todo!", "unimplemented!", "dbg!"] {
        wrong.extend(places(&code, what).map(|at| format!("line {}: {what}", line_of(&code, at))));
    }
    let ignored = places(&code, "ignore").filter(|&at| code[..at].trim_end().ends_with("#["));
    wrong.extend(ignored.map(|at| format!("line {}: a test that is ignored", line_of(&code, at))));
    wrong
}

#[test]
fn each_check_is_able_to_fail() {
    let refused: &[(Check, &str, &str)] = &[
        (arrows, "domain/a.rs", "use crate::db::x;"),
        (arrows, "engine/a.rs", "fn f() { crate::db::claim::go() }"),
        (arrows, "db/a.rs", "use crate::{domain::ids, operations::{pool, task}};"),
        (arrows, "db/a.rs", "use crate::node::Node;"),
        (arrows, "db/mod.rs", "use super::actors;"),
        (arrows, "db/a.rs", "use super::super::actors::db;"),
        (arrows, "platforms/webhook.rs", "pub(crate) use crate::db as d;"),
        (arrows, "api/pool.rs", "use crate::web::page;"),
        (arrows, "secrets.rs", "use crate::operations::Context;"),
        (arrows, "helpers/a.rs", ""),
        (
            status_writers,
            "operations/a.rs",
            "const A: &str = \"UPDATE publish_pool AS p SET due_at = 1, status = $1 WHERE id = 2\";",
        ),
        (
            status_writers,
            "db/a.rs",
            "const A: &str = \"WITH x AS (SELECT 1) \\\n  update publish_pool \\\n set status='failed'\";",
        ),
        (
            status_writers,
            "db/a.rs",
            "diesel::update(dsl::publish_pool.filter(dsl::id.eq(1))).set((dsl::status.eq(2), dsl::x.eq(1)))",
        ),
        (status_writers, "db/a.rs", "update(publish_pool::table)\n    .set(&row)"),
        (status_writers, "db/a.rs", "let it = publish_pool.find(1); update(it).set(status.eq(2))"),
        (status_writers, "db/a.rs", "diesel::insert_into(dsl::publish_pool).values(x)"),
        (status_writers, "db/a.rs", "\"INSERT INTO publish_pool (id) VALUES (1)\""),
        (wires, "platforms/a.rs", "let client = awc::Client::default();"),
        (wires, "tasks/a.rs", "use std::net::TcpStream;"),
        (shape, "db/a.rs", "use std::fs;"),
        (shape, "db/a.rs", &format!("//! Long.\n{}", "\n".repeat(400))),
        (leftovers, "db/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"),
        (leftovers, "db/a.rs", "fn f() { todo!() }"),
        (leftovers, "db/a.rs", "fn f() { unimplemented!(\"x\") }"),
        (leftovers, "db/a.rs", "fn f() { dbg!(1); }"),
    ];
    for (check, name, text) in refused {
        assert_eq!(check(name, text).len(), 1, "{name}: {text}: {:?}", check(name, text));
    }
}

#[test]
fn no_check_fails_what_is_right() {
    let right: &[(Check, &str, &str)] = &[
        (
            arrows,
            "db/a.rs",
            "//! [`crate::actors`]\nuse crate::{domain::{ids, clock}, db::claim};\nuse super::tasks;",
        ),
        (arrows, "db/a.rs", "const A: &str = \"crate::actors::db\";"),
        (arrows, "api/pool.rs", "use crate::{views, actors, config, node};"),
        (arrows, "node.rs", "use crate::{actors, api, web};"),
        (arrows, "bench/mod.rs", "use crate::cli;"),
        (status_writers, "db/claim.rs", "\"UPDATE publish_pool SET status = 'publishing'\""),
        (status_writers, "db/a.rs", "\"UPDATE publish_pool SET due_at = 1 WHERE status = 'pending'\""),
        (status_writers, "db/a.rs", "\"UPDATE executions SET status = 'failed'\""),
        (
            status_writers,
            "db/a.rs",
            "update(dsl::publish_pool.filter(status.eq(1))).set(dsl::held.eq(true)).execute(conn)",
        ),
        (status_writers, "db/a.rs", "update(executions::table).set(dsl::status.eq(1)); publish_pool"),
        (status_writers, "db/entries/adding.rs", "diesel::insert_into(dsl::publish_pool).values(x)"),
        (wires, "platforms/http/wire.rs", "use actix_rt::net::TcpStream;"),
        (wires, "db/a.rs", "// awc\nuse std::net::TcpListener;"),
        (shape, "db/a.rs", "//! Short."),
        (leftovers, "db/a.rs", "// todo! dbg!\nlet ignore = \"unimplemented!\";"),
    ];
    for (check, name, text) in right {
        assert_eq!(check(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}
