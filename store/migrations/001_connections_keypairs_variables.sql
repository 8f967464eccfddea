-- The first tables. The SQL is what SQLite and PostgreSQL both understand. BYTEA columns hold
-- sealed secrets; times are milliseconds since 1970.

-- One row: the data key, sealed under the master key that master_id names.
CREATE TABLE vault_keys (
	number BIGINT PRIMARY KEY,
	master_id TEXT NOT NULL,
	data_key BYTEA NOT NULL,
	created_at BIGINT NOT NULL
);

-- A variable is plain (value) or secret (sealed).
CREATE TABLE variables (
	name TEXT PRIMARY KEY,
	value TEXT,
	sealed BYTEA,
	description TEXT,
	updated_at BIGINT NOT NULL,
	CHECK ((value IS NULL) <> (sealed IS NULL))
);

CREATE TABLE keypairs (
	name TEXT PRIMARY KEY,
	type TEXT NOT NULL,
	public_line TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	private_key BYTEA NOT NULL,
	created_at BIGINT NOT NULL
);

-- extra is sealed as a whole, since it may hold a private key; keypair is the name that it gives.
CREATE TABLE connections (
	id TEXT PRIMARY KEY,
	conn_type TEXT NOT NULL,
	host TEXT,
	port BIGINT,
	login TEXT,
	schema_name TEXT,
	description TEXT,
	password BYTEA,
	extra BYTEA,
	keypair TEXT,
	updated_at BIGINT NOT NULL
);
CREATE INDEX connections_keypair ON connections (keypair);

-- Who did what. Rows are only ever added.
CREATE TABLE audit_log (
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	name TEXT NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at);
