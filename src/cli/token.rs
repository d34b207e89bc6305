//! `contenthub token`: who may use the API.

use super::output::{Output, harmless};
use super::{Done, Failure};
use crate::app::App;
use crate::domain::ids::TokenId;
use crate::domain::role::Role;
use crate::operations::token::{CreateToken, DeleteToken, ListTokens};
use crate::views::TokenView;
use crate::words::{Sentence, message};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Create a token and print it, once
    #[command(after_help = "Examples:\n  contenthub token create --name laptop --role admin")]
    Create {
        #[arg(long)]
        name: String,
        /// viewer, editor, operator or admin
        #[arg(long)]
        role: Role,
    },
    /// List tokens, without their secrets
    #[command(after_help = "Examples:\n  contenthub token list")]
    List,
    /// Revoke a token at once
    #[command(after_help = "Examples:\n  contenthub token revoke 1")]
    Revoke { id: TokenId },
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    match command {
        Command::Create { name, role } => {
            let (row, token) = app.run(CreateToken { name, role })?;
            if out.is_table() {
                let said = Sentence::new(message("done-token-made"))
                    .with("token", row.id.to_string())
                    .with("name", row.name.as_str())
                    .with("role", row.role.as_str());
                eprintln!("{}", harmless(&out.words(&said)));
            }
            out.say(&token.clone(), &json!(TokenView::new(row, Some(token))))
        }
        Command::List => {
            let tokens = app.run(ListTokens)?;
            let rows: Vec<Value> = tokens.into_iter().map(|row| json!(TokenView::new(row, None))).collect();
            let columns = [("ID", "id"), ("NAME", "name"), ("ROLE", "role"), ("CREATED", "created_at")];
            let whole = json!({"items": rows, "total": rows.len(), "page": 1, "page_size": rows.len()});
            out.list(&columns, &rows, &whole)
        }
        Command::Revoke { id } => {
            app.run(DeleteToken(id))?;
            let said = Sentence::new(message("done-token-revoked")).with("token", id.to_string());
            out.tell(&said, &json!({"revoked": id}))
        }
    }
}
