-- Who looks after a customer, and what they are told of.

ALTER TABLE accounts ADD COLUMN success_manager_id BIGINT REFERENCES users (id);

CREATE INDEX accounts_success_manager_id_id ON accounts (success_manager_id, id);
CREATE INDEX todos_source_recorded_at ON todos (source, recorded_at);
