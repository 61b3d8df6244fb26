-- The named size of the template that a batch asks for; NULL for the template's own.
ALTER TABLE batch ADD COLUMN size TEXT CONSTRAINT batch_size CHECK (size <> '');
