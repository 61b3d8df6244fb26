//! The first account, and `admin`: accounts, tokens and credits on the database directly.
//!
//! Deliberately absent: any of this over HTTP. Whoever reaches the database is the operator.

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use pixeldrive_model::{AccountId, Credits, TokenId};
use pixeldrive_store::{Account, Grant, NewAccount, NewToken, Store};
use uuid::Uuid;

use crate::clock::now;
use crate::config::{Faults, StateArgs};
use crate::out::say;
use crate::serve;
use crate::token::Token;

/// Credits of the first account.
pub(crate) const FIRST_CREDITS: Credits = 10_000;
/// The first account has a known id, so that commands can mean it when none is named.
const FIRST: AccountId = AccountId(Uuid::from_u128(1));

/// Makes the first account when there is none. Answers its token, unless the operator chose it.
pub(crate) async fn first(store: &dyn Store, chosen: Option<Token>) -> Result<Option<Token>> {
    if store.count_accounts().await? > 0 {
        if let Some(token) = chosen
            && store.authenticate(&token.hash(), now()).await?.is_none()
        {
            tracing::warn!(
                "PIXELDRIVE_BOOTSTRAP_TOKEN is not a token of this database: it is used on the \
                 first start alone; `pixeldrive admin token create` makes more tokens"
            );
        }
        return Ok(None);
    }
    let account =
        NewAccount { id: FIRST, name: "First account".to_owned(), credits: FIRST_CREDITS };
    store.create_account(account, now()).await?;
    let fresh = chosen.is_none();
    let token = chosen.unwrap_or_else(Token::generate);
    add_token(store, FIRST, "first", &token).await?;
    Ok(fresh.then_some(token))
}

async fn add_token(
    store: &dyn Store,
    account: AccountId,
    name: &str,
    token: &Token,
) -> Result<TokenId> {
    let new = NewToken {
        id: TokenId::new(),
        account,
        name: name.to_owned(),
        hash: token.hash(),
        last4: token.last4(),
        expires: None,
    };
    Ok(store.create_token(new, now()).await?)
}

/// Works on the database directly, also while a server runs.
#[derive(Args)]
pub(crate) struct Admin {
    #[command(flatten)]
    state: StateArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Credits
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Checks the books: prints each rule of the ledger that does not hold
    Audit,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Lists the accounts and their credits
    List,
    /// Makes an account and prints its token
    Create {
        /// For people
        #[arg(long)]
        name: String,
        /// Credits to begin with
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        credits: Credits,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Lists an account's tokens by their ids and last four characters
    List {
        /// The account; the first one unless given
        #[arg(long, value_name = "UUID", default_value_t = FIRST)]
        account: AccountId,
    },
    /// Makes a token and prints it
    Create {
        /// The account; the first one unless given
        #[arg(long, value_name = "UUID", default_value_t = FIRST)]
        account: AccountId,
        /// For people
        #[arg(long, default_value = "made by admin")]
        name: String,
    },
    /// Ends a token at once
    Revoke {
        /// The account; the first one unless given
        #[arg(long, value_name = "UUID", default_value_t = FIRST)]
        account: AccountId,
        /// The token's id, not the token itself; `token list` shows it
        #[arg(value_name = "ID")]
        token: String,
    },
}

#[derive(Subcommand)]
enum CreditsCommand {
    /// Adds credits
    Grant {
        /// The account; the first one unless given
        #[arg(long, value_name = "UUID", default_value_t = FIRST)]
        account: AccountId,
        /// How many
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        credits: Credits,
        /// A word for this grant: repeating the command with it adds nothing
        #[arg(long, value_name = "WORD")]
        key: Option<String>,
    },
}

/// `pixeldrive admin`. Answers whether all is well.
pub(crate) async fn admin(admin: Admin) -> Result<bool> {
    let mut faults = Faults::default();
    let path = admin.state.database(&mut faults);
    let path = faults.complete(path)?;
    if !path.exists() {
        bail!("there is no database {}; `pixeldrive serve` makes one", path.display());
    }
    let store = serve::database(&path).await?;
    match admin.command {
        Command::Account(AccountCommand::Create { name, credits }) => {
            let account = NewAccount { id: AccountId::new(), name, credits };
            let account = store.create_account(account, now()).await?;
            say(format!(
                "account {} \"{}\": {} credits",
                account.id, account.name, account.available
            ));
            print_token(&store, account.id, "first").await?;
        }
        Command::Account(AccountCommand::List) => {
            for account in store.accounts().await? {
                say(balance(&account));
            }
        }
        Command::Token(TokenCommand::List { account }) => {
            find(&store, account).await?;
            for token in store.tokens(account).await? {
                let ended = token.expires.is_some_and(|at| at <= now());
                let state = match (token.revoked, ended) {
                    (true, _) => "revoked",
                    (false, true) => "expired",
                    (false, false) => "active",
                };
                say(format!("{}  …{}  {state}  \"{}\"", token.id, token.last4, token.name));
            }
        }
        Command::Token(TokenCommand::Create { account, name }) => {
            find(&store, account).await?;
            print_token(&store, account, &name).await?;
        }
        Command::Token(TokenCommand::Revoke { account, token }) => {
            let token = token_id(&token)?;
            if !store.revoke_token(account, token, now()).await? {
                bail!("account {account} has no token {token}");
            }
            say(format!("token {token} is revoked"));
        }
        Command::Credits(CreditsCommand::Grant { account, credits, key }) => {
            find(&store, account).await?;
            let key = key.unwrap_or_else(|| Uuid::now_v7().to_string());
            let grant = Grant { account, credits, idempotency_key: format!("admin:{key}") };
            let available = store.grant(grant, now()).await?;
            say(format!("account {account}: {available} credits"));
        }
        Command::Audit => {
            let broken = store.audit().await?;
            for rule in &broken {
                say(rule);
            }
            if broken.is_empty() {
                say("the books are in order");
            }
            return Ok(broken.is_empty());
        }
    }
    Ok(true)
}

async fn find(store: &dyn Store, id: AccountId) -> Result<Account> {
    store.account(id).await?.with_context(|| format!("there is no account {id}"))
}

/// An account in a list.
fn balance(account: &Account) -> String {
    let Account { id, name, available, held, spent } = account;
    format!("{id}  {available} credits, {held} held, {spent} spent  \"{name}\"")
}

/// The id of a token. What was given is not repeated: it may be a secret.
fn token_id(text: &str) -> Result<TokenId> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) if text.starts_with("pdrv_") => {
            bail!("this is a token, not the id of one; `pixeldrive admin token list` shows the ids")
        }
        Err(_) => bail!("this is no id of a token; `pixeldrive admin token list` shows the ids"),
    }
}

async fn print_token(store: &dyn Store, account: AccountId, name: &str) -> Result<()> {
    let token = Token::generate();
    let id = add_token(store, account, name, &token).await?;
    say(format!("token {id}, shown only this once:\n\n    {}\n", token.reveal()));
    Ok(())
}
