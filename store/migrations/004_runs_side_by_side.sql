-- How many backfills of a run's DAG may be under way when it begins; 0: as many as the DAG allows.
ALTER TABLE runs ADD COLUMN max_active BIGINT NOT NULL DEFAULT 0;
