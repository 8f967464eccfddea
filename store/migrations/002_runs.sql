-- DAGs and their versions, runs, tasks, tries, pools, import errors. Times are milliseconds since
-- 1970, NULL where there is none. States are spelled as people see them.

-- The whole text of a file, once, however many DAGs and versions come of it.
CREATE TABLE dag_sources (
	hash TEXT PRIMARY KEY,
	file_name TEXT NOT NULL,
	text TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE dags (
	dag_id TEXT PRIMARY KEY,
	file TEXT NOT NULL,
	version BIGINT NOT NULL,
	is_paused BIGINT NOT NULL,
	is_retired BIGINT NOT NULL,
	first_seen BIGINT NOT NULL,
	last_interval_start BIGINT,
	last_interval_end BIGINT,
	updated_at BIGINT NOT NULL
);

CREATE TABLE dag_versions (
	dag_id TEXT NOT NULL,
	number BIGINT NOT NULL,
	source_hash TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (dag_id, number)
);
CREATE INDEX dag_versions_source ON dag_versions (source_hash);

CREATE TABLE runs (
	number BIGINT PRIMARY KEY,
	dag_id TEXT NOT NULL,
	run_id TEXT NOT NULL,
	version BIGINT NOT NULL,
	run_type TEXT NOT NULL,
	state TEXT NOT NULL,
	stop BIGINT NOT NULL,
	logical_date BIGINT,
	interval_start BIGINT,
	interval_end BIGINT,
	conf TEXT NOT NULL,
	params TEXT NOT NULL,
	seed BIGINT NOT NULL,
	queued_at BIGINT NOT NULL,
	started_at BIGINT,
	ended_at BIGINT,
	actor TEXT,
	UNIQUE (dag_id, run_id)
);
CREATE INDEX runs_unfinished ON runs (number) WHERE state IN ('queued', 'running');
CREATE INDEX runs_dag ON runs (dag_id, logical_date);
CREATE INDEX runs_ended ON runs (ended_at);

-- A task, or one instance of a for_each (instance -1: the task itself). What has no row is in state
-- none.
CREATE TABLE task_instances (
	run BIGINT NOT NULL,
	task BIGINT NOT NULL,
	instance BIGINT NOT NULL,
	task_id TEXT NOT NULL,
	state TEXT NOT NULL,
	try_number BIGINT NOT NULL,
	try_limit BIGINT NOT NULL,
	n_items BIGINT NOT NULL,
	at BIGINT NOT NULL,
	kill BIGINT NOT NULL,
	is_decided BIGINT NOT NULL,
	is_released BIGINT NOT NULL,
	started_at BIGINT,
	ended_at BIGINT,
	items TEXT,
	PRIMARY KEY (run, task, instance)
);

CREATE TABLE tries (
	run BIGINT NOT NULL,
	task BIGINT NOT NULL,
	instance BIGINT NOT NULL,
	try_number BIGINT NOT NULL,
	execution_id TEXT NOT NULL,
	state TEXT NOT NULL,
	started_at BIGINT,
	ended_at BIGINT,
	exit_code BIGINT NOT NULL,
	message TEXT,
	log_path TEXT,
	outputs TEXT,
	PRIMARY KEY (run, task, instance, try_number)
);

CREATE TABLE pools (
	name TEXT PRIMARY KEY,
	slots BIGINT NOT NULL,
	description TEXT
);

CREATE TABLE import_errors (
	file TEXT NOT NULL,
	number BIGINT NOT NULL,
	line_number BIGINT NOT NULL,
	column_number BIGINT NOT NULL,
	text TEXT NOT NULL,
	seen_at BIGINT NOT NULL,
	PRIMARY KEY (file, number)
);
