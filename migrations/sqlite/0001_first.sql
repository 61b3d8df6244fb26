-- The first schema: accounts, tokens, templates, pictures, the credit ledger, the queue.
--
-- Ids are UUIDv7 in 16-byte BLOBs: half the length of their text, compared byte by byte, and in
-- the order of their making, so that new rows go to the end of every index. `hex(id)` shows one.
-- Times are milliseconds since 1970, UTC. Names of pictures are 16 characters of text.
--
-- A migration that was released is never edited: add the next number.

-- Who owns templates and pays. The three balances are a cache of the ledger's sums, moved in the
-- transaction that adds the entries.
CREATE TABLE account (
    id        BLOB    NOT NULL PRIMARY KEY,
    name      TEXT    NOT NULL,
    available INTEGER NOT NULL DEFAULT 0,
    held      INTEGER NOT NULL DEFAULT 0,
    spent     INTEGER NOT NULL DEFAULT 0,
    created   INTEGER NOT NULL,
    CONSTRAINT account_id CHECK (length(id) = 16),
    CONSTRAINT account_available CHECK (available >= 0),
    CONSTRAINT account_held CHECK (held >= 0),
    CONSTRAINT account_spent CHECK (spent >= 0)
) STRICT;

-- API tokens. Only the BLAKE3 hash of a token is kept.
CREATE TABLE token (
    id      BLOB    NOT NULL PRIMARY KEY,
    account BLOB    NOT NULL REFERENCES account (id),
    name    TEXT    NOT NULL,
    hash    BLOB    NOT NULL UNIQUE,
    last4   TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    CONSTRAINT token_id CHECK (length(id) = 16),
    CONSTRAINT token_hash CHECK (length(hash) = 32)
) STRICT;

-- Templates. `version` is the current one; a forgotten template stays for the batches and
-- pictures that were made of it.
CREATE TABLE template (
    id      BLOB    NOT NULL PRIMARY KEY,
    account BLOB    NOT NULL REFERENCES account (id),
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted INTEGER,
    CONSTRAINT template_id CHECK (length(id) = 16),
    CONSTRAINT template_version CHECK (version >= 1)
) STRICT;
CREATE INDEX template_listed ON template (account, created, id) WHERE deleted IS NULL;

-- Every version of every template: the document as it was sent.
CREATE TABLE template_version (
    template BLOB    NOT NULL REFERENCES template (id),
    version  INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    name     TEXT    NOT NULL,
    json     BLOB    NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (template, version),
    CONSTRAINT template_version_hash CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX template_version_by_hash ON template_version (hash);

-- Fonts that accounts uploaded. The files are in the object store, unpacked, by the hash of what was
-- sent; accounts that sent the same file share it, so a row that goes leaves the file. `families` is
-- a JSON array of names as they are compared, `description` what the API shows.
CREATE TABLE font (
    account     BLOB    NOT NULL REFERENCES account (id),
    hash        BLOB    NOT NULL,
    bytes       INTEGER NOT NULL,
    families    TEXT    NOT NULL,
    description TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    PRIMARY KEY (account, hash),
    CONSTRAINT font_hash CHECK (length(hash) = 32),
    CONSTRAINT font_bytes CHECK (bytes > 0),
    CONSTRAINT font_families CHECK (json_type(families) = 'array'),
    CONSTRAINT font_description CHECK (json_valid(description))
) STRICT, WITHOUT ROWID;

-- Pictures that exist in the object store. Inserting one is what a credit is taken for: each row
-- has exactly one capture in the ledger.
CREATE TABLE render (
    template BLOB    NOT NULL REFERENCES template (id),
    hash     TEXT    NOT NULL,
    account  BLOB    NOT NULL REFERENCES account (id),
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    warnings TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (template, hash),
    CONSTRAINT render_hash CHECK (length(hash) = 16),
    CONSTRAINT render_size CHECK (width > 0 AND height > 0 AND bytes > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX render_by_account ON render (account);

-- Credits set aside. A batch's hold has the batch's id and no expiry: it lives as long as the
-- batch's jobs. A synchronous render's hold is 1 credit and expires.
CREATE TABLE hold (
    id       BLOB    NOT NULL PRIMARY KEY,
    account  BLOB    NOT NULL REFERENCES account (id),
    amount   INTEGER NOT NULL,
    captured INTEGER NOT NULL DEFAULT 0,
    voided   INTEGER NOT NULL DEFAULT 0,
    expires  INTEGER,
    created  INTEGER NOT NULL,
    CONSTRAINT hold_id CHECK (length(id) = 16),
    CONSTRAINT hold_amount CHECK (amount > 0),
    CONSTRAINT hold_captured CHECK (captured >= 0),
    CONSTRAINT hold_voided CHECK (voided >= 0),
    CONSTRAINT hold_within_amount CHECK (captured + voided <= amount)
) STRICT;
CREATE INDEX hold_expiring ON hold (expires)
    WHERE expires IS NOT NULL AND captured + voided < amount;

-- The ledger: every movement of credits, for ever. Each kind moves `amount` one way:
--   grant    issued    -> available    known by its idempotency key
--   hold     available -> held         `subject` is the hold
--   capture  held      -> spent        `subject` is the job, or the hold of a synchronous render
--   void     held      -> available    the same
-- The unique indexes are the idempotency: a subject is captured or voided once, not both.
CREATE TABLE entry (
    id        INTEGER NOT NULL PRIMARY KEY,
    kind      TEXT    NOT NULL,
    account   BLOB    NOT NULL REFERENCES account (id),
    amount    INTEGER NOT NULL,
    hold      BLOB             REFERENCES hold (id),
    subject   BLOB,
    grant_key TEXT,
    created   INTEGER NOT NULL,
    CONSTRAINT entry_kind CHECK (kind IN ('grant', 'hold', 'capture', 'void')),
    CONSTRAINT entry_amount CHECK (amount > 0),
    CONSTRAINT entry_grant CHECK ((kind = 'grant') = (grant_key IS NOT NULL)),
    CONSTRAINT entry_hold CHECK ((kind = 'grant') = (hold IS NULL)),
    CONSTRAINT entry_subject CHECK ((kind = 'grant') = (subject IS NULL))
) STRICT;
CREATE UNIQUE INDEX entry_granted ON entry (account, grant_key) WHERE kind = 'grant';
CREATE UNIQUE INDEX entry_held ON entry (subject) WHERE kind = 'hold';
CREATE UNIQUE INDEX entry_resolved ON entry (subject) WHERE kind IN ('capture', 'void');

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: add an entry that corrects the other');
END;
CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: add an entry that corrects the other');
END;

-- Batches. How far one is, is counted from its jobs: a counter here would be written by all. `fonts`
-- are the uploaded fonts that its template uses, as they were when it was submitted: a JSON array of
-- hashes.
CREATE TABLE batch (
    id          BLOB    NOT NULL PRIMARY KEY,
    account     BLOB    NOT NULL REFERENCES account (id),
    template    BLOB    NOT NULL REFERENCES template (id),
    version     BLOB    NOT NULL,
    pixel_ratio REAL    NOT NULL,
    strict      INTEGER NOT NULL,
    fonts       TEXT    NOT NULL DEFAULT '[]',
    total       INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    CONSTRAINT batch_id CHECK (length(id) = 16),
    CONSTRAINT batch_version CHECK (length(version) = 32),
    CONSTRAINT batch_pixel_ratio CHECK (pixel_ratio > 0),
    CONSTRAINT batch_strict CHECK (strict IN (0, 1)),
    CONSTRAINT batch_fonts CHECK (json_type(fonts) = 'array'),
    CONSTRAINT batch_total CHECK (total > 0)
) STRICT;

-- One row of a batch each.
--   waiting    ready to be claimed, in order of (vtime, id)
--   following  equal to an earlier row of its batch, the leader, and ends with it
--   active     under a lease
--   delayed    tried again at run_at
--   completed  its picture is recorded; from_cache when another took the credit
--   failed     not tried again
-- A row that has a vtime was paid for in advance; the others never cost anything. `lost` counts the
-- attempts during which the worker vanished: twice, and the row is suspected of having killed it.
-- `fonts` is set where the payload names further families; else those of the batch are used.
CREATE TABLE job (
    id          BLOB    NOT NULL PRIMARY KEY,
    batch       BLOB    NOT NULL REFERENCES batch (id),
    seq         INTEGER NOT NULL,
    hash        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    vtime       INTEGER,
    leader      BLOB,
    from_cache  INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    lost        INTEGER NOT NULL DEFAULT 0,
    run_at      INTEGER,
    lease       BLOB,
    lease_until INTEGER,
    gateway     TEXT,
    failure     TEXT,
    payload     TEXT    NOT NULL,
    fonts       TEXT,
    CONSTRAINT job_id CHECK (length(id) = 16),
    CONSTRAINT job_hash CHECK (length(hash) = 16),
    CONSTRAINT job_state CHECK (
        state IN ('waiting', 'following', 'active', 'delayed', 'completed', 'failed')
    ),
    CONSTRAINT job_vtime CHECK (state NOT IN ('waiting', 'active', 'delayed') OR vtime IS NOT NULL),
    CONSTRAINT job_leader CHECK (leader IS NULL OR vtime IS NULL),
    CONSTRAINT job_following CHECK (state <> 'following' OR leader IS NOT NULL),
    CONSTRAINT job_from_cache CHECK (from_cache IN (0, 1) AND (from_cache = 0 OR state = 'completed')),
    CONSTRAINT job_attempts CHECK (attempts >= 0),
    CONSTRAINT job_lost CHECK (lost BETWEEN 0 AND attempts),
    CONSTRAINT job_run_at CHECK ((state = 'delayed') = (run_at IS NOT NULL)),
    CONSTRAINT job_lease CHECK ((state = 'active') = (lease IS NOT NULL)),
    CONSTRAINT job_lease_until CHECK ((state = 'active') = (lease_until IS NOT NULL)),
    CONSTRAINT job_gateway CHECK ((state = 'active') = (gateway IS NOT NULL)),
    CONSTRAINT job_failure CHECK (state <> 'failed' OR failure IS NOT NULL)
) STRICT;
CREATE INDEX job_by_batch ON job (batch, seq, state);
CREATE INDEX job_ready ON job (vtime, id) WHERE state = 'waiting';
CREATE INDEX job_leased ON job (lease) WHERE state = 'active';
CREATE INDEX job_lease_due ON job (lease_until) WHERE state = 'active';
CREATE INDEX job_delayed ON job (run_at) WHERE state = 'delayed';
CREATE INDEX job_followers ON job (leader) WHERE state = 'following';

-- Fair share: where each account's queue ends in virtual time. One unit is one job.
CREATE TABLE sched (
    account BLOB    NOT NULL PRIMARY KEY REFERENCES account (id),
    finish  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Fair share: the virtual time that claims have reached, in one row.
CREATE TABLE clock (
    id INTEGER NOT NULL PRIMARY KEY,
    v  INTEGER NOT NULL,
    CONSTRAINT clock_is_one CHECK (id = 1)
) STRICT;
INSERT INTO clock (id, v) VALUES (1, 0);
