//! Fonts over REST: uploaded, listed, taken away.
//!
//! A font's id is the hash of the file, so that the same file is the same font however often it is
//! sent. A file is drawn to its last glyph before it is accepted, which may take a second; a few are
//! at a time. Deliberately absent: pages. An account has few.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{self, Path};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::LOCATION;
use pixeldrive_blobs::Key;
use pixeldrive_fonts::{Face, FontFile, Glyphs};
use pixeldrive_model::limits::{FONT_BYTES_MAX, FONTS_PER_ACCOUNT_MAX};
use pixeldrive_model::{AccountId, FontHash, family_key, font_key};
use pixeldrive_store::{Error as StoreError, FontRow, PutFont, PutFontDone};
use serde::Serialize;
use tokio::time::timeout;

use super::State;
use super::auth::Caller;
use super::body::Raw;
use super::error::Error;
use super::time::rfc3339;
use crate::clock;

/// Fonts that are read at once.
pub(crate) const READERS: usize = 2;
/// How long one may wait for its turn, and then take.
const READ_MAX: Duration = Duration::from_secs(20);

type File = Raw<FONT_BYTES_MAX>;

/// A font as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: FontHash,
    families: Vec<String>,
    faces: Vec<Face>,
    /// Of the file unpacked.
    bytes: u64,
    created_at: String,
}

impl Shown {
    fn of(row: FontRow) -> Result<Self, Error> {
        let unreadable = |error| Error::Unexpected(format!("font {}: {error}", row.hash));
        let faces: Vec<Face> = serde_json::from_str(&row.description).map_err(unreadable)?;
        let families = pixeldrive_fonts::families(&faces).into_iter().map(str::to_owned).collect();
        let (id, bytes, created_at) = (row.hash, row.bytes, rfc3339(row.created));
        Ok(Self { id, families, faces, bytes, created_at })
    }
}

/// `POST /v1/fonts`: the file itself as the body.
pub(crate) async fn create(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Raw(bytes): File,
) -> Result<Response, Error> {
    let file = examine(&state, bytes).await?;
    check_room(&state, caller.account, file.hash).await?;
    let put = PutFont {
        account: caller.account,
        hash: file.hash,
        bytes: file.sfnt.len() as u64,
        families: pixeldrive_fonts::families(&file.faces).into_iter().map(family_key).collect(),
        description: serde_json::to_string(&file.faces)
            .map_err(|error| Error::Unexpected(format!("font {}: {error}", file.hash)))?,
    };
    // The file first: whoever sees the row finds it.
    let key: Key = font_key(&file.hash).parse()?;
    if state.blobs.len(&key).await? != Some(put.bytes) {
        state.blobs.put(&key, file.sfnt).await?;
    }
    let PutFontDone { font, added } = state.store.put_font(put, clock::now()).await?;
    let status = if added { StatusCode::CREATED } else { StatusCode::OK };
    let location = [(LOCATION, format!("/v1/fonts/{}", font.hash))];
    Ok((status, location, axum::Json(Shown::of(font)?)).into_response())
}

/// Reads a font away from the threads that answer other requests.
async fn examine(state: &State, bytes: Bytes) -> Result<FontFile, Error> {
    let busy = |_| Error::NotReady("Other fonts are being read; try again in a moment.");
    let turn = timeout(READ_MAX, Arc::clone(&state.font_readers).acquire_owned()).await;
    let turn = turn.map_err(busy)?.map_err(|error| Error::Unexpected(error.to_string()))?;
    let reading = tokio::task::spawn_blocking(move || {
        let read = pixeldrive_fonts::read(bytes, Glyphs::All);
        // Here and not by the handler, which may go before the work is done.
        drop(turn);
        read
    });
    let slow = |_| pixeldrive_fonts::Error::TooComplex { what: "strokes" };
    timeout(READ_MAX, reading).await.map_err(slow)??.map_err(Error::Font)
}

/// Refuses a font that is one too many before its file is kept.
async fn check_room(state: &State, account: AccountId, font: FontHash) -> Result<(), Error> {
    let there = state.store.font_families(account).await?;
    if there.len() < FONTS_PER_ACCOUNT_MAX || there.iter().any(|there| there.hash == font) {
        return Ok(());
    }
    Err(StoreError::FontsExceeded { fonts_max: FONTS_PER_ACCOUNT_MAX }.into())
}

/// The fonts of an account.
#[derive(Serialize)]
pub(crate) struct Listed {
    fonts: Vec<Shown>,
}

/// `GET /v1/fonts`, newest first.
pub(crate) async fn list(
    extract::State(state): extract::State<State>,
    caller: Caller,
) -> Result<axum::Json<Listed>, Error> {
    let rows = state.store.fonts(caller.account).await?;
    let fonts = rows.into_iter().map(Shown::of).collect::<Result<_, _>>()?;
    Ok(axum::Json(Listed { fonts }))
}

/// `GET /v1/fonts/:id`.
pub(crate) async fn read(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Shown>, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("font"))?;
    let row = state.store.font(caller.account, id).await?;
    Ok(axum::Json(Shown::of(row.ok_or(Error::NotFound("font"))?)?))
}

/// `DELETE /v1/fonts/:id`. Pictures made with it stay, and batches under way keep it.
pub(crate) async fn remove(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("font"))?;
    if state.store.delete_font(caller.account, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NotFound("font"))
    }
}
