//! Tests of the lake.

mod storage;
