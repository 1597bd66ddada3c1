-- What the services of selling keep beside the first tables.

ALTER TABLE opportunities ADD COLUMN duplicate_of_id BIGINT REFERENCES opportunities (id);

-- Deals without movement; attachments and quotes that a stage asks for.
CREATE INDEX opportunities_outcome_last_moved_at ON opportunities (outcome, last_moved_at);
CREATE INDEX quotes_outcome_valid_until ON quotes (outcome, valid_until);
CREATE INDEX contracts_framework_id ON contracts (framework_id);
CREATE INDEX contracts_quote_id ON contracts (quote_id);
CREATE INDEX invoice_applications_contract_id ON invoice_applications (contract_id);
