//! The ledger's invariants, each as the query for what breaks it.
//!
//! Deliberately absent: mending. What is wrong here was done by a fault in this crate or by a hand
//! in the database; neither is undone by a program.

use super::Sqlite;
use crate::Error;

/// The sweep voids a hold seconds after it ran out; the newest entry tells the time.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "account {}: balances are not the sums of its entries",
        "SELECT hex(a.id) FROM account AS a
         LEFT JOIN (SELECT account,
                           sum(amount) FILTER (WHERE kind = 'grant') AS granted,
                           sum(amount) FILTER (WHERE kind = 'hold') AS held,
                           sum(amount) FILTER (WHERE kind = 'capture') AS captured,
                           sum(amount) FILTER (WHERE kind = 'void') AS voided
                    FROM entry GROUP BY account) AS e ON e.account = a.id
         WHERE a.available <> ifnull(granted, 0) - ifnull(e.held, 0) + ifnull(voided, 0)
            OR a.held <> ifnull(e.held, 0) - ifnull(captured, 0) - ifnull(voided, 0)
            OR a.spent <> ifnull(captured, 0)",
    ),
    (
        "ledger: issued is not available + held + spent, off by {}",
        "SELECT CAST(off AS TEXT) FROM (
            SELECT (SELECT ifnull(sum(amount), 0) FROM entry WHERE kind = 'grant')
                 - (SELECT ifnull(sum(available + held + spent), 0) FROM account) AS off)
         WHERE off <> 0",
    ),
    (
        "hold {}: it is not what its entries say",
        "SELECT hex(h.id) FROM hold AS h
         LEFT JOIN (SELECT hold,
                           sum(amount) FILTER (WHERE kind = 'hold') AS held,
                           sum(amount) FILTER (WHERE kind = 'capture') AS captured,
                           sum(amount) FILTER (WHERE kind = 'void') AS voided
                    FROM entry WHERE hold IS NOT NULL GROUP BY hold) AS e ON e.hold = h.id
         WHERE h.amount IS NOT e.held OR h.captured <> ifnull(e.captured, 0)
            OR h.voided <> ifnull(e.voided, 0) OR h.captured + h.voided > h.amount",
    ),
    (
        "hold {}: what is open of it is not what its batch's jobs still need",
        "SELECT hex(h.id) FROM hold AS h
         LEFT JOIN (SELECT batch, count(*) AS jobs FROM job
                    WHERE state IN ('waiting', 'active', 'delayed') GROUP BY batch) AS live
           ON live.batch = h.id
         WHERE h.expires IS NULL AND h.amount - h.captured - h.voided <> ifnull(live.jobs, 0)",
    ),
    (
        "hold {}: it ran out more than ten minutes before the newest entry and was not voided",
        "SELECT hex(id) FROM hold
         WHERE expires IS NOT NULL AND captured + voided < amount
           AND expires < (SELECT created FROM entry ORDER BY id DESC LIMIT 1) - 600000",
    ),
    (
        "job {}: completed and not from the cache, but not captured",
        "SELECT hex(id) FROM job WHERE state = 'completed' AND from_cache = 0
           AND NOT EXISTS (SELECT 1 FROM entry WHERE subject = job.id AND kind = 'capture'
                                                 AND kind IN ('capture', 'void'))",
    ),
    (
        "job {}: captured, but failed, from the cache or not at its end",
        "SELECT hex(j.id) FROM entry AS e CROSS JOIN job AS j ON j.id = e.subject
         WHERE e.kind = 'capture' AND NOT (j.state = 'completed' AND j.from_cache = 0)",
    ),
    (
        "job {}: its credit was given back, but it is not failed or from the cache",
        "SELECT hex(j.id) FROM entry AS e CROSS JOIN job AS j ON j.id = e.subject
         WHERE e.kind = 'void' AND NOT (j.state = 'failed' OR j.from_cache = 1)",
    ),
    (
        "account {}: it did not pay for each of its pictures once",
        "SELECT hex(a.id) FROM account AS a
         WHERE a.spent <> (SELECT count(*) FROM render WHERE account = a.id)",
    ),
    (
        "job {}: it follows a row that has ended, or ended otherwise than that row",
        "SELECT hex(j.id) FROM job AS j LEFT JOIN job AS leader
           ON leader.id = j.leader AND leader.batch = j.batch AND leader.hash = j.hash
         WHERE j.leader IS NOT NULL AND (
               leader.id IS NULL
            OR (j.state = 'following') <> (leader.state IN ('waiting', 'active', 'delayed'))
            OR (j.state <> 'following' AND j.state <> leader.state))",
    ),
    (
        "batch {}: it does not have as many jobs as rows",
        "SELECT hex(b.id) FROM batch AS b
         WHERE b.total <> (SELECT count(*) FROM job WHERE batch = b.id)",
    ),
];

/// Offenders named for each invariant.
const NAMED_MAX: usize = 10;

pub(super) async fn audit(db: &Sqlite) -> Result<Vec<String>, Error> {
    // One transaction, so that all queries see the same moment.
    let mut tx = db.readers.begin().await?;
    let mut broken = Vec::new();
    for &(sentence, sql) in INVARIANTS {
        let offenders: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *tx).await?;
        let named = offenders.iter().take(NAMED_MAX);
        broken.extend(named.map(|offender| sentence.replace("{}", &offender.to_lowercase())));
        if let Some(more) = offenders.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
            broken.push(format!("and {more} more: {}", sentence.replace("{}", "…")));
        }
    }
    Ok(broken)
}
