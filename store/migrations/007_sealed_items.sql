-- The items of a for_each come out of what tasks left as often as not, and are sealed as that is. items holds what is
-- plain from before, until a scheduler has sealed it.
ALTER TABLE task_instances ADD COLUMN sealed_items BYTEA;
CREATE INDEX items_plain ON task_instances (run) WHERE items IS NOT NULL;
