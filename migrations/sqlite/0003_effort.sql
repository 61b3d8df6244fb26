-- How much time a batch's files may take to become small. Batches from before there was a choice were fast.
ALTER TABLE batch ADD COLUMN effort TEXT NOT NULL DEFAULT 'fast'
    CONSTRAINT batch_effort CHECK (effort IN ('fast', 'balanced', 'small'));
