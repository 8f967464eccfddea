-- Callbacks that are owed: put with the change that they answer to, deleted once they are done.
-- task -1: the run's own; instance -1: the task itself.
CREATE TABLE callbacks (
	execution_id TEXT PRIMARY KEY,
	run BIGINT NOT NULL,
	task BIGINT NOT NULL,
	instance BIGINT NOT NULL,
	try_number BIGINT NOT NULL,
	event TEXT NOT NULL,
	action BIGINT NOT NULL,
	facts TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX callbacks_run ON callbacks (run);
