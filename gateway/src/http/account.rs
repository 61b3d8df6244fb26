//! `GET /v1/account`: who the token belongs to and what it can spend.

use axum::extract;
use pixeldrive_model::{AccountId, Credits};
use pixeldrive_store::Account;
use serde::Serialize;

use super::State;
use super::auth::Caller;
use super::error::Error;

/// An account as the API shows it.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: AccountId,
    name: String,
    credits: Balance,
}

#[derive(Serialize)]
struct Balance {
    available: Credits,
    held: Credits,
    spent: Credits,
}

/// The handler.
pub(crate) async fn read(
    extract::State(state): extract::State<State>,
    caller: Caller,
) -> Result<axum::Json<Shown>, Error> {
    let account = state.store.account(caller.account).await?;
    let Account { id, name, available, held, spent } = account.ok_or(Error::NotFound("account"))?;
    Ok(axum::Json(Shown { id, name, credits: Balance { available, held, spent } }))
}
