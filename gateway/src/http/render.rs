//! `POST /v1/render`: one picture while the caller waits.
//!
//! A picture that is recorded is answered from the record. Another is rendered once however many
//! ask for it at this moment: hold a credit, render, then capture or void it. That goes on when the
//! callers hang up, so that a dropped connection neither leaks the hold nor bills for nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract;
use axum::response::{IntoResponse, Response};
use pixeldrive_model::{
    AccountId, Credits, Effort, Element, Failure, FieldsHash, FontHash, HoldId, Kind, Payload,
    Problem, Template, TemplateId, Warning, bind, families_named, fields_hash, image_key,
    parse_payload,
};
use pixeldrive_store::{Millis, Render, TemplateRow};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::State;
use super::auth::Caller;
use super::body::Json;
use super::error::Error;
use super::families::Uploaded;
use super::flight::{self, Seat};
use super::{previews, template};
use crate::clock;
use crate::dispatch::RenderNow;

/// How long a caller waits.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// How long a credit is held at most, if this process dies with it: past any render's deadline.
const HOLD_MS: Millis = 120_000;

/// The body of `POST /v1/render`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ask {
    template_id: TemplateId,
    payload: Box<RawValue>,
    size: Option<String>,
    pixel_ratio: Option<f64>,
    effort: Option<Effort>,
    preview: Option<bool>,
    strict: Option<bool>,
}

/// Its answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) from_cache: FromCache,
    pub(crate) fields_hash: FieldsHash,
    pub(crate) render_ms: u64,
    pub(crate) upload_bytes: u64,
    pub(crate) credits_remaining: Credits,
    pub(crate) warnings: Vec<Warning>,
}

/// Where a picture came from: `false` or `"db"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FromCache {
    /// It was rendered for this request.
    No,
    /// It was recorded, or is rendered for somebody else: it cost nothing.
    Db,
}

impl Serialize for FromCache {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::No => serializer.serialize_bool(false),
            Self::Db => serializer.serialize_str("db"),
        }
    }
}

/// A render that can go ahead: everything about it was checked.
pub(crate) struct Order {
    pub(crate) account: AccountId,
    pub(crate) template: TemplateRow,
    pub(crate) payload: Vec<u8>,
    pub(crate) fonts: Arc<[FontHash]>,
    pub(crate) size: Option<String>,
    pub(crate) pixel_ratio: f64,
    pub(crate) effort: Effort,
    pub(crate) strict: bool,
    pub(crate) hash: FieldsHash,
}

/// Renders under way. Strict ones fly apart: they fail where the others succeed.
pub(crate) type Flights = flight::Flights<(TemplateId, FieldsHash, bool), Landed>;
type Landed = Result<Arc<Painted>, Arc<Error>>;

/// What a flight came to.
#[derive(Debug)]
pub(crate) struct Painted {
    render: Render,
    charged: bool,
    available: Credits,
}

/// `POST /v1/render`.
pub(crate) async fn handle(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Json(ask): Json<Ask>,
) -> Result<Response, Error> {
    let began = Instant::now();
    let preview = ask.preview.unwrap_or(false);
    let order = prepare(&state, caller.account, ask).await?;
    if preview {
        return previews::answer(&state, &order, began).await;
    }
    Ok(axum::Json(perform(&state, order, began).await?).into_response())
}

async fn prepare(state: &State, account: AccountId, ask: Ask) -> Result<Order, Error> {
    let (template, known) = state.template(account, ask.template_id).await?;
    let pixel_ratio = ask.pixel_ratio.unwrap_or(1.0);
    let effort = ask.effort.unwrap_or(state.config.effort);
    let sized = known.template.sized(ask.size.as_deref()).map_err(|found| vec![found])?;
    let payload = check(&sized, ask.payload.get(), pixel_ratio)?;
    let mut families = families_named(&payload);
    families.extend(known.families.iter().cloned());
    let fonts = if families.is_empty() {
        Vec::new()
    } else {
        Uploaded::of(state, account).await?.used(&families).map_err(|found| vec![found])?
    };
    let epoch = &state.config.epoch;
    let hash = fields_hash(&sized.hash, &payload, pixel_ratio, effort, epoch, &fonts);
    let strict = ask.strict.unwrap_or(false);
    let payload = ask.payload.get().as_bytes().to_vec();
    let fonts = fonts.into();
    let size = ask.size;
    Ok(Order { account, template, payload, fonts, size, pixel_ratio, effort, strict, hash })
}

/// Checks one payload against its template. The problems' paths start with `payload`, or are
/// `pixelRatio`.
pub(crate) fn check(
    template: &Template,
    payload: &str,
    pixel_ratio: f64,
) -> Result<Payload, Vec<Problem>> {
    let payload = parse_payload(payload.as_bytes())?;
    let bound = bind(template, &payload, pixel_ratio)?;
    let mut problems = Vec::new();
    bound.elements.iter().for_each(|element| files(element, &mut problems));
    if problems.is_empty() { Ok(payload) } else { Err(problems) }
}

fn files(element: &Element, problems: &mut Vec<Problem>) {
    if let Kind::Group(group) = &element.kind {
        group.members().for_each(|member| files(member, problems));
    }
    let path = format!("payload.{}", element.id);
    problems.extend(template::files(element).map(|problem| problem.inside(&path)));
}

async fn perform(state: &State, order: Order, began: Instant) -> Result<Answer, Error> {
    let (account, strict) = (order.account, order.strict);
    if let Some(render) = state.store.render(order.template.id, &order.hash).await? {
        let available = available(state, account).await?;
        let painted = Painted { render, charged: false, available };
        return answer(state, &painted, strict, FromCache::Db, began);
    }
    let key = (order.template.id, order.hash.clone(), strict);
    let (seat, landed) = state.flights.join(key, fly(state.clone(), order)).await;
    let crashed = || Error::Unexpected("a render panicked".to_owned());
    let painted = landed.ok_or_else(crashed)?.map_err(Error::Shared)?;
    let fresh = seat == Seat::Pilot && painted.charged;
    answer(state, &painted, strict, if fresh { FromCache::No } else { FromCache::Db }, began)
}

fn answer(
    state: &State,
    painted: &Painted,
    strict: bool,
    from_cache: FromCache,
    began: Instant,
) -> Result<Answer, Error> {
    let Render { template, hash, bytes, warnings, .. } = &painted.render;
    // A recorded picture may have warnings that a strict request does not take.
    if let Some(failure) = Failure::strict(warnings).filter(|_| strict) {
        return Err(Error::Render(failure));
    }
    Ok(Answer {
        url: format!("{}{}", state.images, image_key(*template, hash)),
        from_cache,
        fields_hash: hash.clone(),
        render_ms: elapsed_ms(began),
        upload_bytes: *bytes,
        credits_remaining: painted.available,
        warnings: warnings.clone(),
    })
}

pub(crate) fn elapsed_ms(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

pub(crate) async fn available(state: &State, account: AccountId) -> Result<Credits, Error> {
    let account = state.store.account(account).await?;
    let gone = || Error::Unexpected("a token's account does not exist".to_owned());
    Ok(account.ok_or_else(gone)?.available)
}

/// The flight: hold, paint, then capture or void.
async fn fly(state: State, order: Order) -> Landed {
    let landed = async {
        // The flight before this one may have recorded it after this caller looked.
        if let Some(render) = state.store.render(order.template.id, &order.hash).await? {
            let available = available(&state, order.account).await?;
            return Ok(Painted { render, charged: false, available });
        }
        let (hold, now, began) = (HoldId::new(), clock::now(), Instant::now());
        state.store.hold(hold, order.account, now + HOLD_MS, now).await?;
        let hold_ms = elapsed_ms(began);
        let painted = paint(&state, &order, hold).await;
        tracing::debug!(hold_ms, all_ms = elapsed_ms(began), "a render came to its end");
        if painted.is_err()
            && let Err(error) = state.store.void(hold, clock::now()).await
        {
            // The store's sweep gives it back when it expires.
            tracing::warn!(%hold, error = &error as &dyn std::error::Error, "void");
        }
        painted
    };
    landed.await.map(Arc::new).map_err(Arc::new)
}

async fn paint(state: &State, order: &Order, hold: HoldId) -> Result<Painted, Error> {
    let Order { account, template, hash, .. } = order;
    // Under its own name goes the true picture alone, for it stays there for ever.
    let stand_in = hash.stand_in(hold.0);
    let keys = [hash, &stand_in].map(|hash| image_key(template.id, hash));
    let began = Instant::now();
    let picture = state.dispatch.render_now(order.job(keys)).await?;
    tracing::debug!(ms = elapsed_ms(began), timings = ?picture.timings, "a picture was rendered");
    let render = Render {
        account: *account,
        template: template.id,
        hash: if picture.stand_in { stand_in } else { hash.clone() },
        width: picture.width,
        height: picture.height,
        bytes: picture.bytes,
        warnings: picture.warnings,
    };
    let captured = state.store.capture(hold, &render, clock::now()).await?;
    Ok(Painted { render, charged: captured.charged, available: captured.available })
}

impl Order {
    /// The job that paints it under the first key, or with something in place of an image under the
    /// second.
    pub(crate) fn job(&self, [key, stand_in_key]: [String; 2]) -> RenderNow {
        RenderNow {
            template: Arc::clone(&self.template.json),
            template_hash: self.template.hash,
            payload: self.payload.clone(),
            fonts: Arc::clone(&self.fonts),
            size: self.size.clone().unwrap_or_default(),
            pixel_ratio: self.pixel_ratio,
            effort: self.effort,
            key,
            stand_in_key,
            strict: self.strict,
            deadline: DEADLINE,
        }
    }
}
