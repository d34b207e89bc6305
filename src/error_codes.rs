//! Every `code` that an error of the HTTP API can have: with which status, what it means, and what to do. The one table
//! of them: [`markdown`] makes `docs/errors.md` of it, and an answer with a code that is not here fails a test.

/// One code.
#[derive(Debug, Clone, Copy)]
pub struct ErrorCode {
    /// Stable, for programs.
    pub code: &'static str,
    /// The status of the answer; several where it depends on what was asked.
    pub status: &'static [u16],
    pub means: &'static str,
    pub todo: &'static str,
}

const fn row(
    code: &'static str,
    status: &'static [u16],
    means: &'static str,
    todo: &'static str,
) -> ErrorCode {
    ErrorCode { code, status, means, todo }
}

/// By what is wrong: the request as such, who asks, what is asked, the state of things, the server.
pub const ERROR_CODES: &[ErrorCode] = &[
    row("bad_request", &[400], "The request could not be read.", "Look at its path and head."),
    row("bad_body", &[400], "The body ended early, or its encoding is broken.", "Send it again, whole."),
    row(
        "not_json",
        &[400],
        "The body is not JSON; `line` and `column` say where.",
        "Correct it there; both count from 1.",
    ),
    row(
        "json_too_deep",
        &[400],
        "The body is nested deeper than `json_depth_max`; `line` and `column` say where.",
        "Nothing here needs such depth: look for a loop in what makes the body.",
    ),
    row(
        "json_too_large",
        &[413],
        "The body has more values than `json_values_max`.",
        "Send it in parts; `batch-add` takes 10,000 items at once.",
    ),
    row(
        "unsupported_encoding",
        &[415],
        "The body has a `Content-Encoding`, such as gzip.",
        "Send it as it is, without one.",
    ),
    row(
        "body_too_large",
        &[413],
        "The body is larger than `body_max_bytes`, or a picture than 20 MiB.",
        "Send it in parts, or raise the setting; make the picture smaller.",
    ),
    row("head_too_large", &[431], "The head has more bytes or fields than it may.", "Send fewer headers."),
    row(
        "slow_request",
        &[408],
        "Head or body did not come whole in time (`head_max_seconds`, `body_max_seconds`).",
        "Send it again. Nothing was done.",
    ),
    row(
        "bad_idempotency_key",
        &[400],
        "The `Idempotency-Key` cannot be used, or is given twice.",
        "Give one of 1 to 255 visible ASCII characters, e.g. a UUID.",
    ),
    row(
        "bad_if_match",
        &[400],
        "The `If-Match` cannot be read.",
        "Give it as the `ETag` was, with its quotes.",
    ),
    row(
        "unknown_event_id",
        &[400],
        "The stream of events never came as far as `Last-Event-ID` (or `after`) says, or this is no id of an event.",
        "Ask without it for what happens from now on, or with `after=0` for all that is kept.",
    ),
    row(
        "wrong_host",
        &[421],
        "The `Host` is not the one of `public_url`.",
        "Use the public address, or correct the setting.",
    ),
    row("unknown_route", &[404], "There is no such path.", "Look it up; all begin with `/api/v1`."),
    row("wrong_method", &[405], "The path takes other methods.", "`Allow` names them."),
    row(
        "unauthorized",
        &[401],
        "There is no token, or one that is not known or was revoked.",
        "Send `Authorization: Bearer cht_…`; `contenthub token create` makes one.",
    ),
    row(
        "token_expired",
        &[401],
        "The token's time is over.",
        "Make another; `contenthub token create` does.",
    ),
    row(
        "too_many_wrong_tokens",
        &[429],
        "Too many wrong tokens came from the address (`wrong_tokens_per_minute`).",
        "Wait as long as `Retry-After` says; a right token is taken at any time.",
    ),
    row(
        "out_of_scope",
        &[403],
        "The token is for some accounts only, and what was asked concerns others, or all.",
        "`detail` says which; use a token that is for all accounts, or for this one.",
    ),
    row("forbidden", &[403], "The token's role does not suffice.", "`detail` names the role that does."),
    row(
        "too_many_requests",
        &[429],
        "The token asked more often than `requests_per_minute`.",
        "Wait as long as `Retry-After` says.",
    ),
    row(
        "idempotency_key_reused",
        &[422],
        "The `Idempotency-Key` was used for another request within 24 hours.",
        "Give each thing that is to be made a key of its own.",
    ),
    row("invalid", &[422], "A field or a word of the query cannot be used.", "`errors` names each, and why."),
    row(
        "not_found",
        &[404],
        "What the path or the body names is not there.",
        "`detail` has what was looked for.",
    ),
    row(
        "already_in_pool",
        &[409],
        "The content already waits for that account.",
        "Change or cancel that entry (`entry_id`), or wait until it is out.",
    ),
    row(
        "already_published",
        &[409],
        "The content was already published on that account.",
        "To publish it once more on purpose, add it with `again`.",
    ),
    row(
        "similar_text",
        &[409],
        "A post with the same text was published on the account within 30 days, or waits for it, and the account refuses that (`on_similar`).",
        "Look at that entry (`entry_id`); to publish the text all the same, add it with `again`.",
    ),
    row(
        "maybe_published",
        &[409],
        "An earlier attempt may have published it, which nobody knows yet.",
        "Wait for the next attempt, or say what became of it with `resolve`.",
    ),
    row(
        "wrong_state",
        &[409],
        "It cannot be done in its present state (`state`).",
        "`detail` says when it can.",
    ),
    row("name_taken", &[409], "There is another of that name.", "Choose another name."),
    row("in_use", &[409], "Open entries still need it (`entry_ids`).", "Cancel or remove them first."),
    row(
        "account_unusable",
        &[409],
        "The account cannot be used as it is set.",
        "`detail` says why; correct its settings.",
    ),
    row(
        "changed_meanwhile",
        &[409, 412],
        "Somebody else changed the same thing: at the same moment (409), or since the state that `If-Match` names (412). Nothing was done.",
        "Read it again, and try again.",
    ),
    row(
        "wrong_secret_key",
        &[409, 503],
        "The credentials in the database were sealed with another key.",
        "Start with the key of this database (`CONTENTHUB_SECRET_KEY`, or `secret.key`).",
    ),
    row(
        "no_report",
        &[409],
        "The run that was waited for ended without a report.",
        "`detail` says how it ended.",
    ),
    row(
        "clock_held",
        &[503],
        "The server's clock cannot be trusted, and nothing is published meanwhile.",
        "`detail` says since when; set the clock.",
    ),
    row(
        "ticks_stopped",
        &[503],
        "The scheduler has not looked for what is due for a minute.",
        "Look into the server's log; where it does not come back by itself, start the server anew.",
    ),
    row(
        "part_down",
        &[503],
        "A part of the server breaks down again and again, or cannot be made anew; `checks` says which.",
        "Look into the server's log, start the server anew, and please report it.",
    ),
    row(
        "overloaded",
        &[503],
        "The server has too much to do at the moment.",
        "Wait as long as `Retry-After` says, and try again.",
    ),
    row(
        "too_many_connections",
        &[503],
        "There are as many connections as `connections_max` allows.",
        "Wait as long as `Retry-After` says, and try again.",
    ),
    row(
        "database_unavailable",
        &[503],
        "The database is away, busy or full.",
        "Wait as long as `Retry-After` says, and try again.",
    ),
    row(
        "internal_error",
        &[500],
        "Something broke in the server.",
        "The server's log says more; please report it.",
    ),
];

/// The row of a code.
pub fn find(code: &str) -> Option<&'static ErrorCode> {
    ERROR_CODES.iter().find(|row| row.code == code)
}

/// The table as the docs have it.
pub fn markdown() -> String {
    let mut text = String::from("| `code` | status | what it means | what to do |\n|---|---|---|---|\n");
    for row in ERROR_CODES {
        let status: Vec<String> = row.status.iter().map(u16::to_string).collect();
        text.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            row.code,
            status.join(", "),
            row.means,
            row.todo
        ));
    }
    text
}
