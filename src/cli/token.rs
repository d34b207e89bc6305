//! `contenthub token`: who may use the API.

use super::output::{Output, harmless};
use super::usage::UsageError;
use super::{Done, Failure};
use crate::app::App;
use crate::domain::ids::TokenId;
use crate::domain::role::Role;
use crate::domain::time_input;
use crate::operations::account::FindAccount;
use crate::operations::token::{CreateToken, DeleteToken, Expiry, ListTokens};
use crate::views::TokenView;
use crate::words::{Sentence, message};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Create a token and print it, once
    #[command(
        after_help = "Examples:\n  contenthub token create --name laptop --role admin\n  contenthub token create --name agency --role editor --account blog --account site --expires-in 30d"
    )]
    Create(CreateArguments),
    /// List tokens, without their secrets
    #[command(after_help = "Examples:\n  contenthub token list")]
    List,
    /// Revoke a token at once
    #[command(after_help = "Examples:\n  contenthub token revoke 1")]
    Revoke { id: TokenId },
}

#[derive(Debug, clap::Args)]
pub struct CreateArguments {
    #[arg(long)]
    name: String,
    /// viewer, editor, operator or admin
    #[arg(long)]
    role: Role,
    /// Only for this account, by name or id; several may be given [default: all]
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// How long it can be used, such as 12h, 30d or 8w [default: for good]
    #[arg(long, value_name = "SPAN", conflicts_with = "expires_at")]
    expires_in: Option<String>,
    /// Until when it can be used
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

fn create(arguments: CreateArguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let expiry = match (arguments.expires_in, super::time(app, arguments.expires_at.as_deref())?) {
        (Some(span), _) => {
            let span = time_input::parse_span(&span);
            Expiry::In(span.map_err(UsageError::ExpiresIn)?)
        }
        (None, Some(at)) => Expiry::At(at),
        (None, None) => Expiry::Never,
    };
    let named = arguments.accounts.into_iter().map(|name| Ok(app.run(FindAccount(name))?.id));
    let accounts = named.collect::<Result<Vec<_>, Failure>>()?;
    let accounts = Some(accounts).filter(|accounts| !accounts.is_empty());
    let create = CreateToken { name: arguments.name, role: arguments.role, accounts, expiry };
    let (row, token) = app.change(create)?;
    if out.is_table() {
        let said = Sentence::new(message("done-token-made"))
            .with("token", row.id.to_string())
            .with("name", row.name.as_str())
            .with("role", row.role.as_str());
        eprintln!("{}", harmless(&out.words(&said)));
    }
    out.say(&token.clone(), &json!(TokenView::new(row, Some(token))))
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::Create(arguments) => create(arguments, app, out),
        Command::List => {
            let tokens = app.run(ListTokens)?;
            let rows: Vec<Value> = tokens.into_iter().map(|row| json!(TokenView::new(row, None))).collect();
            let columns = [
                ("ID", "id"),
                ("NAME", "name"),
                ("ROLE", "role"),
                ("CREATED", "created_at"),
                ("ACCOUNTS", "account_ids"),
                ("EXPIRES", "expires_at"),
                ("LAST USED", "last_used_at"),
            ];
            let whole = json!({"items": rows, "total": rows.len(), "page": 1, "page_size": rows.len()});
            out.list(&columns, &rows, &whole)
        }
        Command::Revoke { id } => {
            app.change(DeleteToken(id))?;
            let said = Sentence::new(message("done-token-revoked")).with("token", id.to_string());
            out.tell(&said, &json!({"revoked": id}))
        }
    }
}
