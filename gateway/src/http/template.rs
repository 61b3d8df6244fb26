//! Templates over REST, and parsed templates kept for those who bind against them.
//!
//! A document is stored, and given back, byte for byte as it came.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{self, Path, Query};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use moka::future::Cache;
use pixeldrive_model::limits::TEMPLATE_BYTES_MAX;
use pixeldrive_model::{
    AccountId, ContentHash, Element, Given, Problem, Source, Template, TemplateId, families_named,
};
use pixeldrive_store::{Page, PutTemplate, TemplateRow};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;

use super::State;
use super::auth::Caller;
use super::body::Raw;
use super::error::Error;
use super::time::rfc3339;
use crate::clock;

const PAGE_DEFAULT: u32 = 20;
const PAGE_MAX: u32 = 100;
/// Bytes of the documents whose parsed form is kept.
const PARSED_BYTES_MAX: u64 = 64 << 20;

type Document = Raw<TEMPLATE_BYTES_MAX>;

/// Parsed templates by content. Clones share them.
#[derive(Clone)]
pub(crate) struct Parsed(Cache<ContentHash, Arc<Known>>);

/// A template as those need it who bind against it.
pub(crate) struct Known {
    pub(crate) template: Arc<Template>,
    /// The font families that it names.
    pub(crate) families: BTreeSet<String>,
}

impl Parsed {
    pub(crate) fn new() -> Self {
        // What parsing makes of a document is some times its size; small ones cost something too.
        let weigh = |_: &ContentHash, known: &Arc<Known>| {
            let families: usize = known.families.iter().map(String::len).sum();
            let sizes = known.template.sizes.values().map(|size| weight(size));
            let bytes = weight(&known.template) + sizes.sum::<usize>() + families;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(PARSED_BYTES_MAX).weigher(weigh).build())
    }

    async fn get(&self, hash: ContentHash, json: &Arc<[u8]>) -> Result<Arc<Known>, Error> {
        let parse = async {
            let json = Arc::clone(json);
            let parsed = tokio::task::spawn_blocking(move || {
                let template = pixeldrive_model::parse(&json)?;
                // What parses as a template is an object.
                let document = serde_json::from_slice(&json).unwrap_or_default();
                Ok(Known { template: Arc::new(template), families: families_named(&document) })
            });
            parsed.await?.map(Arc::new).map_err(|problems: Vec<Problem>| {
                Error::Unexpected(format!("template version {hash} no longer parses: {problems:?}"))
            })
        };
        self.0.try_get_with(hash, parse).await.map_err(Error::Shared)
    }
}

fn weight(template: &Template) -> usize {
    let sources: usize = template.sources().map(|(_, source)| source.as_str().len()).sum();
    1024 + 512 * template.walk().count() + sources
}

impl State {
    /// A template of this account, as stored and as parsed.
    pub(crate) async fn template(
        &self,
        account: AccountId,
        id: TemplateId,
    ) -> Result<(TemplateRow, Arc<Known>), Error> {
        let row = self.store.template(account, id).await?.ok_or(Error::NotFound("template"))?;
        let known = self.templates.get(row.hash, &row.json).await?;
        Ok((row, known))
    }
}

/// A template as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: TemplateId,
    name: String,
    version: u32,
    content_hash: String,
    width: Option<Number>,
    height: Option<Number>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<Box<RawValue>>,
}

impl Shown {
    /// Without the document, as in a list. Whatever an earlier build stored is shown: one document
    /// that cannot be read must not hide the others.
    fn brief(row: TemplateRow) -> Self {
        let keys: HashMap<String, &RawValue> =
            serde_json::from_slice(&row.json).unwrap_or_default();
        let side = |key: &str| keys.get(key).and_then(|raw| serde_json::from_str(raw.get()).ok());
        let (width, height) = (side("width"), side("height"));
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            content_hash: row.hash.to_string(),
            width,
            height,
            created_at: rfc3339(row.created),
            updated_at: rfc3339(row.updated),
            template: None,
        }
    }

    fn whole(row: TemplateRow) -> Result<Self, Error> {
        let unreadable = |error| Error::Unexpected(format!("template {}: {error}", row.id));
        let template = serde_json::from_slice(&row.json).map_err(unreadable)?;
        Ok(Self { template: Some(template), ..Self::brief(row) })
    }
}

/// `POST /v1/templates`.
pub(crate) async fn create(
    extract::State(state): extract::State<State>,
    caller: Caller,
    document: Document,
) -> Result<Response, Error> {
    let put = accept(&state, TemplateId::new(), caller.account, document).await?;
    let row = state.store.put_template(put, clock::now()).await?;
    let location = [(LOCATION, format!("/v1/templates/{}", row.id))];
    Ok((StatusCode::CREATED, location, axum::Json(Shown::whole(row)?)).into_response())
}

/// `PUT /v1/templates/:id`: a new version. Batches under way go on with the version they began with.
pub(crate) async fn replace(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
    document: Document,
) -> Result<axum::Json<Shown>, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("template"))?;
    state.store.template(caller.account, id).await?.ok_or(Error::NotFound("template"))?;
    let put = accept(&state, id, caller.account, document).await?;
    let row = state.store.put_template(put, clock::now()).await?;
    Ok(axum::Json(Shown::whole(row)?))
}

/// `GET /v1/templates/:id`.
pub(crate) async fn read(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Shown>, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("template"))?;
    let row = state.store.template(caller.account, id).await?;
    Ok(axum::Json(Shown::whole(row.ok_or(Error::NotFound("template"))?)?))
}

/// `DELETE /v1/templates/:id`. Pictures made with it stay.
pub(crate) async fn remove(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("template"))?;
    if state.store.delete_template(caller.account, id, clock::now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NotFound("template"))
    }
}

/// The query of a list.
#[derive(Deserialize)]
pub(crate) struct Paging {
    limit: Option<String>,
    starting_after: Option<String>,
}

/// A page of templates.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    templates: Vec<Shown>,
    next_cursor: Option<TemplateId>,
}

/// `GET /v1/templates`, newest first.
pub(crate) async fn list(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Listed>, Error> {
    let limit = match &paging.limit {
        None => PAGE_DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE_MAX).contains(limit))
            .ok_or_else(|| Error::invalid("limit", format!("expected 1 to {PAGE_MAX}")))?,
    };
    let cursor = paging.starting_after.as_deref().map(str::parse).transpose();
    let after = cursor.map_err(|_| {
        Error::invalid("starting_after", "not a cursor; take nextCursor of the page before")
    })?;
    // One more than asked for tells whether there is a next page.
    let page = Page { limit: limit + 1, after };
    let mut rows = state.store.templates(caller.account, page).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id);
    let templates = rows.into_iter().map(Shown::brief).collect();
    Ok(axum::Json(Listed { templates, next_cursor }))
}

async fn accept(
    state: &State,
    id: TemplateId,
    account: AccountId,
    Raw(bytes): Document,
) -> Result<PutTemplate, Error> {
    let inspect = state.config.inspect;
    tokio::task::spawn_blocking(move || {
        let found = |given: Given<'_>| files(given.element).chain(inspect(given)).collect();
        let Template { name, hash, .. } = pixeldrive_model::parse_with(&bytes, &found)?;
        Ok(PutTemplate { id, account, name, hash, json: bytes.into() })
    })
    .await?
}

/// Sources that are paths: there is no folder here that they could be in. Each at its property.
pub(crate) fn files(element: &Element) -> impl Iterator<Item = Problem> {
    element.sources().filter_map(|(property, source)| {
        let Source::File(file) = source else {
            return None;
        };
        let file: String = file.chars().take(200).collect();
        let message = format!(
            "`{file}` is no URL: a path works in the offline commands alone; give an https: URL or a \
             data: URI"
        );
        Some(Problem::new(property, message))
    })
}
