-- What tries leave may hold secrets, and is sealed: under keys of its own, so that a rotation seals these
-- anew and not every try. `vault` is the number of the data key that was in use when the key was made.
CREATE TABLE output_keys (
	number BIGINT PRIMARY KEY,
	vault BIGINT NOT NULL,
	sealed BYTEA NOT NULL,
	created_at BIGINT NOT NULL
);

-- outputs holds what is plain from before, until a scheduler has sealed it.
ALTER TABLE tries ADD COLUMN sealed BYTEA;
CREATE INDEX tries_plain ON tries (run) WHERE outputs IS NOT NULL;
