//! Ingest from files.
