//! Tokens and templates: the cases that no script can say.

use std::sync::Arc;

use pixeldrive_model::{AccountId, ContentHash, TemplateId, TokenId};

use super::script::{START, check};
use crate::*;

type Opened<Keep> = (Arc<dyn Store>, Keep);

pub(crate) async fn tokens_end_by_time_and_by_hand<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1\naccount other 1").await;
    let (acme, other) = (world.account("acme").0, world.account("other").0);
    let token = |hash: u8, expires| NewToken {
        id: TokenId::new(),
        account: acme,
        name: "laptop".to_owned(),
        hash: [hash; 32],
        last4: "wxyz".to_owned(),
        expires,
    };
    let lasting = store.create_token(token(1, None), START).await.unwrap();
    store.create_token(token(2, Some(START + 10)), START).await.unwrap();
    let who = async |hash: u8, now| store.authenticate(&[hash; 32], now).await.unwrap();

    assert_eq!(who(1, START).await, Some(Identity { account: acme, token: lasting }), "lasting");
    assert_eq!(who(3, START).await, None, "unknown");
    assert!(who(2, START + 9).await.is_some(), "not yet expired");
    assert_eq!(who(2, START + 10).await, None, "expired");

    let listed: Vec<_> =
        store.tokens(acme).await.unwrap().iter().map(|t| (t.id, t.revoked)).collect();
    assert!(listed.contains(&(lasting, false)), "{listed:?}");
    assert!(!store.revoke_token(other, lasting, START).await.unwrap(), "another's token");
    assert!(who(1, START).await.is_some(), "still there");
    assert!(store.revoke_token(acme, lasting, START).await.unwrap(), "revoked");
    assert!(store.revoke_token(acme, lasting, START).await.unwrap(), "revoked again");
    let revoked = store.tokens(acme).await.unwrap();
    assert!(revoked.iter().any(|token| token.id == lasting && token.revoked), "{revoked:?}");
    let names: Vec<_> = store.accounts().await.unwrap().into_iter().map(|a| a.id).collect();
    assert!(names.contains(&acme) && names.contains(&other), "{names:?}");
    for credits in [i64::MAX, CREDITS_MAX, CREDITS_MAX + 1] {
        let idempotency_key = credits.to_string();
        let grant = Grant { account: acme, credits, idempotency_key };
        store
            .grant(Grant { credits: 1, idempotency_key: "one".into(), ..grant.clone() }, START)
            .await
            .unwrap();
        let refused = store.grant(grant, START).await.unwrap_err();
        assert_eq!(refused.code(), "invalid", "{credits}");
    }
    assert!(store.audit().await.unwrap().is_empty(), "what is refused leaves nothing");
    assert_eq!(who(1, START).await, None, "ended at once");
    assert!(!store.revoke_token(acme, TokenId::new(), START).await.unwrap(), "no such token");
}

pub(crate) async fn a_token_is_made_once<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1\naccount other 1").await;
    let token = |account| NewToken {
        id: TokenId::new(),
        account,
        name: "given".to_owned(),
        hash: [1; 32],
        last4: "wxyz".to_owned(),
        expires: None,
    };
    let acme = world.account("acme").0;
    let first = store.create_token(token(acme), START).await.unwrap();
    assert_eq!(store.create_token(token(acme), START).await.unwrap(), first, "the one there is");
    let code = async |account| store.create_token(token(account), START).await.unwrap_err().code();
    assert_eq!(code(world.account("other").0).await, "token_taken", "another's");
    store.revoke_token(acme, first, START).await.unwrap();
    assert_eq!(code(acme).await, "token_taken", "a revoked token does not come back");
    assert_eq!(code(AccountId::new()).await, "account_unknown", "whose?");
}

fn put(id: TemplateId, account: AccountId, name: &str, hash: u8) -> PutTemplate {
    let json = format!(r#"{{"name":"{name}","width":{hash}}}"#).into_bytes();
    PutTemplate { id, account, name: name.to_owned(), hash: ContentHash([hash; 32]), json }
}

pub(crate) async fn templates_have_versions<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1").await;
    let (acme, id) = (world.account("acme").0, TemplateId::new());
    let put = async |name, hash, now| {
        let row = store.put_template(put(id, acme, name, hash), now).await.unwrap();
        assert_eq!(store.template(acme, id).await.unwrap().as_ref(), Some(&row), "as answered");
        (row.version, row.name, row.created, row.updated)
    };
    assert_eq!(put("card", 1, 10).await, (1, "card".to_owned(), 10, 10), "made");
    assert_eq!(put("card", 1, 20).await, (1, "card".to_owned(), 10, 20), "the same again");
    assert_eq!(put("kort", 1, 30).await, (1, "kort".to_owned(), 10, 30), "renamed");
    assert_eq!(put("kort", 2, 40).await, (2, "kort".to_owned(), 10, 40), "changed");
    assert_eq!(put("kort", 1, 50).await, (3, "kort".to_owned(), 10, 50), "changed back");
    let json = async |hash| store.template_version(ContentHash([hash; 32])).await.unwrap();
    assert_eq!(json(2).await.as_deref(), Some(&br#"{"name":"kort","width":2}"#[..]), "an old one");
    assert_eq!(json(9).await, None, "no such version");

    assert!(store.delete_template(acme, id, 60).await.unwrap(), "forgotten");
    assert!(!store.delete_template(acme, id, 60).await.unwrap(), "there is none any more");
    assert_eq!(store.template(acme, id).await.unwrap(), None, "not seen");
    assert!(json(2).await.is_some(), "its versions stay for the batches under way");
    assert_eq!(put("kort", 3, 70).await.0, 4, "put again");
}

pub(crate) async fn a_template_is_seen_by_its_account_alone<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 1\naccount other 1").await;
    let (other, (_, id)) = (world.account("other").0, world.account("acme"));
    assert_eq!(store.template(other, id).await.unwrap(), None, "not seen");
    assert!(!store.delete_template(other, id, 1).await.unwrap(), "not forgotten");
    let taken = store.put_template(put(id, other, "mine", 9), 1).await.unwrap_err();
    assert_eq!(taken.code(), "template_unknown", "not changed");
    let page = Page { limit: 9, after: None };
    let listed = store.templates(other, page).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [world.account("other").1]);
}

pub(crate) async fn templates_are_listed_newest_first_in_pages<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let acme = AccountId::new();
    let new = NewAccount { id: acme, name: "acme".to_owned(), credits: 0 };
    store.create_account(new, START).await.unwrap();
    // Made at the same times, two and two, and with ids in no order.
    let mut made: Vec<(Millis, TemplateId)> =
        (0..7).map(|i| (START + i / 2, TemplateId(uuid::Uuid::new_v4()))).collect();
    for (at, id) in &made {
        store.put_template(put(*id, acme, "card", 1), *at).await.unwrap();
    }
    made.sort_by_key(|row| std::cmp::Reverse(*row));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.templates(acme, Page { limit: 3, after }).await.unwrap();
        after = page.last().map(|row| row.id);
        if after.is_none() {
            break;
        }
        seen.extend(page.iter().map(|row| (row.created, row.id)));
        // A row that goes between two pages disturbs neither.
        store.delete_template(acme, page[page.len() - 1].id, START).await.unwrap();
    }
    assert_eq!(seen, made, "each once, newest first");
}
