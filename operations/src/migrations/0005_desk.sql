-- What the services of the desk keep: pauses and answers of tickets, what an order takes back; names
-- of teams that nobody else has, as scope in the lake goes by them; indexes of the pages.

ALTER TABLE tickets ADD COLUMN response TEXT;
ALTER TABLE tickets ADD COLUMN resolution TEXT;
ALTER TABLE tickets ADD COLUMN status_reason TEXT;
ALTER TABLE tickets ADD COLUMN paused_at TIMESTAMPTZ;
ALTER TABLE tickets ADD COLUMN paused_working_seconds BIGINT NOT NULL DEFAULT 0 CHECK (paused_working_seconds >= 0);

ALTER TABLE orders ADD COLUMN reverses_id BIGINT REFERENCES orders (id);

CREATE UNIQUE INDEX teams_name ON teams (name) WHERE deleted_at IS NULL;

-- The board, the timelines and the home page.
CREATE INDEX opportunities_stage_id_outcome_id ON opportunities (stage_id, outcome, id);
CREATE INDEX interactions_by_id_next_at ON interactions (by_id, next_at);
CREATE INDEX orders_opportunity_id ON orders (opportunity_id);
CREATE INDEX orders_reverses_id ON orders (reverses_id);
CREATE INDEX tickets_opportunity_id ON tickets (opportunity_id);
CREATE INDEX quotes_owner_id_outcome ON quotes (owner_id, outcome);
