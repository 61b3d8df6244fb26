//! What is SQLite's own: its version, its plans, its triggers, its files. The rest is the suite.

use std::path::Path;
use std::sync::Arc;

use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Effort, Fault, FieldsHash, JobId, TemplateId,
};
use sqlx::Row as _;
use tempfile::TempDir;

use super::Sqlite;
use crate::*;

async fn open() -> (Arc<dyn Store>, TempDir) {
    let folder = TempDir::new().unwrap();
    (Arc::new(Sqlite::open(&folder.path().join("new/pixeldrive.db")).await.unwrap()), folder)
}

crate::conformance::suite!(open());

async fn database(folder: &Path) -> Sqlite {
    Sqlite::open(&folder.join("pixeldrive.db")).await.unwrap()
}

/// An account with a template, and a batch of it.
async fn batch(db: &Sqlite, rows: usize) -> Submit {
    let (account, template, version) = (AccountId::new(), TemplateId::new(), ContentHash([1; 32]));
    let new = NewAccount { id: account, name: "acme".to_owned(), credits: 100_000 };
    db.create_account(new, 1).await.unwrap();
    let (name, json) = ("card".to_owned(), b"{}".to_vec());
    let put = PutTemplate { id: template, account, name, hash: version, json };
    db.put_template(put, 1).await.unwrap();
    let row = |i| Row {
        job: JobId::new(),
        hash: name_of(i),
        payload: format!(r#"{{"title":{{"text":"Row {i} {}"}}}}"#, "x".repeat(400)).into_bytes(),
        fonts: None,
    };
    Submit {
        batch: BatchId::new(),
        account,
        template,
        version,
        size: None,
        pixel_ratio: 1.0,
        effort: Effort::Fast,
        strict: false,
        fonts: Vec::new(),
        rows: (0..rows).map(row).collect(),
    }
}

fn name_of(i: usize) -> FieldsHash {
    format!("{i:016}").parse().unwrap()
}

#[tokio::test]
async fn the_write_ahead_log_is_sound_in_this_version() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&db.readers).await.unwrap();
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "SQLite {version} can corrupt a write-ahead log");
    for (pragma, expected) in [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA busy_timeout", "5000"),
    ] {
        let row = sqlx::query(pragma).fetch_one(&db.writer).await.unwrap();
        let value = row
            .try_get::<String, _>(0)
            .or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string()));
        assert_eq!(value.unwrap(), expected, "{pragma}");
    }
}

/// A loan that came before, ended well or not, must not make a change less durable.
#[tokio::test]
async fn changes_are_on_the_disk_unless_they_are_loans() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    async fn synchronous(mut tx: super::Tx) -> (i64, super::Tx) {
        (sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.unwrap(), tx)
    }
    let (full, normal) = (2, 1);
    for _ in 0..2 {
        let (found, tx) = synchronous(db.begin().await.unwrap()).await;
        assert_eq!(found, full, "a change");
        tx.commit().await.unwrap();
        let (found, tx) = synchronous(db.begin_loan().await.unwrap()).await;
        assert_eq!(found, normal, "a loan");
        drop(tx);
    }
}

#[tokio::test]
async fn opening_again_finds_what_was_there() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    let submit = batch(&db, 3).await;
    db.submit(submit, 1).await.unwrap();
    let again = database(folder.path()).await;
    assert_eq!(again.queue_depth(9).await.unwrap(), 3, "beside the first");
    drop((db, again));
    assert_eq!(database(folder.path()).await.queue_depth(9).await.unwrap(), 3, "after it");
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_is_the_operators() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "not a database, and long enough to tell").unwrap();
    for (path, code) in
        [("", "database_open"), ("file", "database_open"), ("file/db", "database_folder")]
    {
        let error = Sqlite::open(&folder.path().join(path)).await.unwrap_err();
        assert_eq!((error.code(), error.fault()), (code, Fault::Operator), "{path}: {error:?}");
    }
}

/// The files as they are when `submit` returns are all that a killed process leaves behind.
#[tokio::test]
async fn a_commit_is_in_the_files_when_it_returns() {
    let (folder, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let db = database(folder.path()).await;
    let submit = batch(&db, 100).await;
    db.submit(submit.clone(), 1).await.unwrap();
    for file in ["pixeldrive.db", "pixeldrive.db-wal"] {
        std::fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let copy = database(copy.path()).await;
    let batch = copy.batch(submit.account, submit.batch).await.unwrap();
    assert_eq!(batch.unwrap().queued, 100, "every job is there");
    assert_eq!(copy.audit().await.unwrap(), Vec::<String>::new(), "and the ledger is sound");
}

#[tokio::test]
async fn a_future_that_is_dropped_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    let submit = batch(&db, 500).await;
    for polls in 0..12 {
        let mut work = Box::pin(db.submit(submit.clone(), 1));
        for _ in 0..polls {
            if futures_poll_once(&mut work).await.is_ready() {
                break; // a future that has answered may not be asked again
            }
        }
        drop(work);
        assert_eq!(db.audit().await.unwrap(), Vec::<String>::new(), "after {polls} polls");
    }
    let submitted = db.submit(submit, 1).await.unwrap();
    assert_eq!(submitted.held, 500, "whole, whether it was made before or now");
}

/// Polls a future once and gives the database's thread a chance to run.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    let once = std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context))
    })
    .await;
    tokio::task::yield_now().await;
    once
}

#[tokio::test]
async fn the_ledger_refuses_changes() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    batch(&db, 1).await;
    for sql in [
        "UPDATE entry SET amount = 2",
        "DELETE FROM entry",
        "INSERT OR REPLACE INTO entry (id, kind, account, amount, grant_key, created)
         SELECT id, kind, account, amount + 1, grant_key, created FROM entry",
    ] {
        let error = sqlx::query(sql).execute(&db.writer).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    for (sql, constraint) in [
        ("UPDATE account SET available = -1", "account_available"),
        (
            "INSERT INTO entry (kind, account, amount, grant_key, created)
          SELECT 'grant', id, 0, 'k', 1 FROM account",
            "entry_amount",
        ),
        (
            "INSERT INTO entry (kind, account, amount, created)
          SELECT 'capture', id, 1, 1 FROM account",
            "entry_hold",
        ),
    ] {
        let error = sqlx::query(sql).execute(&db.writer).await.unwrap_err().to_string();
        assert!(error.contains(constraint), "{sql}: {error}");
    }
}

#[tokio::test]
async fn an_unsound_ledger_is_told() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    let submit = batch(&db, 20).await;
    db.submit(submit, 1).await.unwrap();
    for (damage, told) in [
        ("UPDATE account SET available = available + 1", "balances are not the sums"),
        ("UPDATE hold SET voided = 1", "it is not what its entries say"),
        ("UPDATE job SET state = 'completed'", "not captured"),
        ("DELETE FROM job WHERE seq = 0", "not have as many jobs as rows"),
    ] {
        let mut tx = db.begin().await.unwrap();
        sqlx::query(damage).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let broken = db.audit().await.unwrap();
        assert!(broken.iter().any(|line| line.contains(told)), "{damage}: {broken:#?}");
    }
    let more = db.audit().await.unwrap();
    assert!(more.iter().any(|line| line.starts_with("and 9 more: job …")), "{more:#?}");
}

/// The plan of a statement, a line a step.
async fn plan(db: &Sqlite, sql: &'static str) -> String {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps = sqlx::query(explain).fetch_all(&db.writer).await.unwrap();
    steps.iter().map(|step| step.get::<String, _>("detail") + "\n").collect()
}

#[tokio::test]
async fn a_claim_walks_the_index_of_ready_jobs() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    let plan = plan(&db, super::claim::NEXT).await;
    assert!(plan.contains("SCAN job USING INDEX job_ready"), "{plan}");
    assert!(!plan.contains("SCAN b"), "{plan}");
    assert!(!plan.contains("SCAN r"), "{plan}");
    let plan = self::plan(&db, super::claim::DEPTH).await;
    assert!(plan.contains("SCAN job USING COVERING INDEX job_ready"), "{plan}");
}

#[tokio::test]
async fn groups_are_changed_by_look_ups() {
    let folder = TempDir::new().unwrap();
    let db = database(folder.path()).await;
    for (sql, tables) in [
        (super::change::CHANGE_JOBS, &["job"][..]),
        (super::change::END_FOLLOWERS, &["job", "leader"]),
        (super::claim::LEASE, &["job"]),
        (super::ledger::MOVE_HOLDS, &["hold"]),
        (super::ledger::MOVE_BALANCES, &["account"]),
        (super::settle::LEASED, &["j", "b"]),
        (super::settle::LEASE_RAN_OUT, &["b"]),
        (super::settle::DUE, &["b"]),
    ] {
        let plan = plan(&db, sql).await;
        for table in tables {
            assert!(plan.contains(&format!("SEARCH {table} USING")), "{sql}\n{plan}");
        }
    }
}
