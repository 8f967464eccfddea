-- The newest runs of a DAG, without going through all that it ever had.
CREATE INDEX runs_of_dag ON runs (dag_id, number);
