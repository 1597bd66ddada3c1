//! A stage of a pipeline (阶段).

use crate::record::record;

record! {
    /// A stage of a pipeline (阶段).
    "stage" in "stages", open false, seen by [Everybody];
    /// The pipeline.
    pipeline_id: i64 => required, reference("pipeline");
    /// The code, as in `stage_visits`.
    code: String => required, length(64), filter;
    /// The Chinese name.
    name_zh: String => required, length(100);
    /// The English name.
    name_en: String => required, length(100);
    /// Its place in the pipeline, from 1.
    position: i64 => required, between(1, 1_000), filter, sort;
    /// The working days that a deal may stay; none when it may stay for ever.
    expected_days: Option<i64> => between(1, 3_650);
    /// How likely a deal in it is won.
    probability: i64 => basis_points;
    /// What must hold to enter: a list of declarations.
    entry_criteria: Json;
    /// What must hold to leave: a list of declarations.
    exit_criteria: Json;
    /// Whether it is the last one.
    terminal: bool;
    /// Whether it comes after winning.
    after_winning: bool;
}
