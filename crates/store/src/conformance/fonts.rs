//! The fonts of accounts.

use std::sync::Arc;

use pixeldrive_model::limits::FONTS_PER_ACCOUNT_MAX;
use pixeldrive_model::{AccountId, BatchId, Effort, FontHash, JobId, LeaseId};

use super::script::{START, VERSION, check, picture};
use crate::*;

type Opened<Keep> = (Arc<dyn Store>, Keep);

/// The font that tests call so, of these families.
fn put(account: AccountId, name: &str, families: &[&str]) -> PutFont {
    PutFont {
        account,
        hash: FontHash::of(name.as_bytes()),
        bytes: 1_000,
        families: families.iter().map(|family| (*family).to_owned()).collect(),
        description: format!(r#"[{{"family":"{name}"}}]"#),
    }
}

pub(crate) async fn a_font_is_added_once_and_taken_away<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1\naccount other 1").await;
    let (acme, other) = (world.account("acme").0, world.account("other").0);
    let brand = put(acme, "Brand", &["brand"]);
    let first = store.put_font(brand.clone(), START).await.unwrap();
    assert!(first.added, "it was not there");
    let PutFont { hash, bytes, ref description, .. } = brand;
    let row = FontRow { hash, bytes, description: description.clone(), created: START };
    assert_eq!(first.font, row, "as it came");
    let again = store.put_font(brand, START + 9).await.unwrap();
    assert_eq!(again, PutFontDone { font: row.clone(), added: false }, "the one there is");

    assert_eq!(store.font(acme, hash).await.unwrap(), Some(row.clone()), "read");
    assert_eq!(store.font(other, hash).await.unwrap(), None, "another account does not see it");
    assert!(!store.delete_font(other, hash).await.unwrap(), "nor take it away");
    assert!(store.fonts(other).await.unwrap().is_empty(), "nor list it");
    let theirs = store.put_font(put(other, "Brand", &["brand"]), START + 1).await.unwrap();
    assert!(theirs.added, "but may have the same file");

    let newer = store.put_font(put(acme, "Newer", &["newer"]), START + 5).await.unwrap();
    assert_eq!(store.fonts(acme).await.unwrap(), [newer.font, row], "newest first");
    assert!(store.delete_font(acme, hash).await.unwrap(), "taken away");
    assert!(!store.delete_font(acme, hash).await.unwrap(), "there is none any more");
    assert_eq!(store.font(acme, hash).await.unwrap(), None, "not read");
    assert!(store.font(other, hash).await.unwrap().is_some(), "the other account keeps its own");
    let back = store.put_font(put(acme, "Brand", &["brand"]), START + 20).await.unwrap();
    assert_eq!((back.added, back.font.created), (true, START + 20), "and it may come back");
    let nobody = store.put_font(put(AccountId::new(), "Brand", &[]), START).await.unwrap_err();
    assert_eq!(nobody.code(), "account_unknown", "whose?");
}

pub(crate) async fn fonts_are_chosen_by_their_families<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1\naccount other 1\naccount none 1").await;
    let (acme, other) = (world.account("acme").0, world.account("other").0);
    let mut expected = Vec::new();
    for (name, families) in
        [("Regular", &["brand"][..]), ("Bold", &["brand"]), ("Collection", &["öl", "brand mono"])]
    {
        let font = put(acme, name, families);
        store.put_font(font.clone(), START).await.unwrap();
        let PutFont { hash, bytes, families, .. } = font;
        expected.push(FontFamilies { hash, bytes, families });
    }
    store.put_font(put(other, "Theirs", &["brand"]), START).await.unwrap();
    expected.sort_by_key(|font| font.hash);
    let families = async |name| store.font_families(world.account(name).0).await.unwrap();
    assert_eq!(families("acme").await, expected, "its own, by hash, as they came");
    assert_eq!(families("other").await.len(), 1, "another account has its own");
    assert!(families("none").await.is_empty(), "or none");
}

pub(crate) async fn an_account_has_a_limited_number_of_fonts<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1").await;
    let acme = world.account("acme").0;
    let put = async |name: usize| {
        let done = store.put_font(put(acme, &name.to_string(), &["x"]), START).await;
        done.map(|done| done.added).map_err(|error| error.code())
    };
    for name in 0..FONTS_PER_ACCOUNT_MAX {
        assert_eq!(put(name).await, Ok(true), "{name}");
    }
    assert_eq!(put(FONTS_PER_ACCOUNT_MAX).await, Err("fonts_exceeded"), "one too many");
    assert_eq!(put(0).await, Ok(false), "one that is there");
    assert!(store.delete_font(acme, FontHash::of(b"0")).await.unwrap(), "one less");
    assert_eq!(put(FONTS_PER_ACCOUNT_MAX).await, Ok(true), "room again");
}

pub(crate) async fn a_batch_keeps_the_fonts_that_it_was_submitted_with<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 9").await;
    let (acme, template) = world.account("acme");
    store.put_font(put(acme, "Brand", &["brand"]), START).await.unwrap();
    let (brand, other) = (FontHash::of(b"Brand"), FontHash::of(b"Other"));
    let row = |name: &str, fonts| Row {
        job: JobId::new(),
        hash: picture(name),
        payload: b"{}".to_vec(),
        fonts,
    };
    let submit = Submit {
        batch: BatchId::new(),
        account: acme,
        template,
        version: VERSION,
        size: None,
        pixel_ratio: 1.0,
        effort: Effort::Fast,
        strict: false,
        fonts: vec![brand],
        rows: vec![row("x", None), row("y", Some(vec![brand, other])), row("z", Some(Vec::new()))],
    };
    store.submit(submit, START).await.unwrap();
    store.delete_font(acme, brand).await.unwrap();
    let lease = LeaseId::new();
    let claim = Claim { limit: 8, idle: true, lease, until: START + 9, gateway: "g1".to_owned() };
    let jobs = store.claim(claim, START).await.unwrap().jobs;
    let fonts: Vec<_> = jobs.into_iter().map(|job| job.fonts).collect();
    assert_eq!(fonts, [vec![brand], vec![brand, other], vec![]], "its own, or those of its batch");
}
