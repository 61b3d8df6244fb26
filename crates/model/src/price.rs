//! What a render costs.

/// An amount of credits.
pub type Credits = i64;

/// Credits for `renders` fresh renders: one each. Cache hits, previews and serving cost nothing and
/// are not asked about here.
#[must_use]
pub fn price(renders: usize) -> Credits {
    Credits::try_from(renders).unwrap_or(Credits::MAX)
}
