//! Accounts for the changes in files of records: `drivers KIND FILE…`, one JSON document a line.
//! What `benches/drivers.py` runs beside its peer.
//!
//! A file is CSV with a header: `period` (0 or 1), `unit`, `above`, `below`, then the dimensions.
//! KIND is `sum`, `ratio`, `mean` or `median`, of `above` (by `below` for a ratio).

use std::collections::HashMap;
use std::time::Instant;

use millrace_models::drivers::{Explanation, Facts, Form, Options, Part, Sums, explain, influence};
use serde_json::{Value, json};

struct Read {
    names: Vec<String>,
    values: Vec<Vec<String>>,
    facts: Facts,
    residual: f64,
}

fn read(kind: &str, text: &str) -> Result<Read, String> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().ok_or("no header")?.split(',').collect();
    let names: Vec<String> = header[4..].iter().map(|name| (*name).to_owned()).collect();
    let mut facts = Facts {
        codes: vec![Vec::new(); names.len()],
        ..Facts::default()
    };
    let mut known: Vec<HashMap<&str, u32>> = vec![HashMap::new(); names.len()];
    let mut values = vec![Vec::new(); names.len()];
    let mut measured: [Vec<f64>; 2] = Default::default();
    let mut periods = Vec::new();
    for line in lines {
        let mut fields = line.split(',');
        let mut number = || -> Result<f64, String> {
            let field = fields.next().ok_or("a line is short")?;
            field.parse().map_err(|_| format!("{field:?} is no number"))
        };
        let (period, unit, above, below) = (number()?, number()?, number()?, number()?);
        let period = usize::from(period > 0.5);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of a unit"
        )]
        facts.units.push(unit as u32);
        let mut sums = [Sums::default(); 2];
        sums[period] = Sums {
            records: 1.0,
            above,
            below: if kind == "ratio" { below } else { 1.0 },
        };
        facts.sums.push(sums);
        measured[period].push(above);
        periods.push(period);
        for (place, field) in fields.enumerate() {
            let next = u32::try_from(values[place].len()).map_err(|_| "too many values")?;
            let code = *known[place].entry(field).or_insert_with(|| {
                values[place].push(field.to_owned());
                next
            });
            facts.codes[place].push(code);
        }
    }
    facts.cardinalities = values
        .iter()
        .map(|values| u32::try_from(values.len()).unwrap_or(u32::MAX))
        .collect();
    let mut residual = 0.0;
    if kind == "median" {
        let influence = influence::of_quantile(&measured, 0.5).ok_or("a period is empty")?;
        let mut next = [0, 0];
        for (sums, period) in facts.sums.iter_mut().zip(periods) {
            sums[period].above = influence.values[period][next[period]];
            let mut scores = [0.0; 2];
            scores[period] = influence.scores[period][next[period]];
            facts.scores.push(scores);
            next[period] += 1;
        }
        residual = influence.residual;
    }
    Ok(Read {
        names,
        values,
        facts,
        residual,
    })
}

fn shown(read: &Read, part: &Part) -> Value {
    let conditions = part.conditions.iter().map(|(dimension, code)| {
        let value = &read.values[*dimension][*code as usize];
        (read.names[*dimension].clone(), Value::from(value.clone()))
    });
    json!({
        "where": conditions.collect::<serde_json::Map<_, _>>(),
        "contribution": part.split.contribution(),
        "rate": part.split.rate,
        "mix": part.split.mix,
        "ci": part.interval,
        "significant": part.significant,
        "probability": part.probability,
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().ok_or("name a kind")?;
    let form = if kind == "sum" {
        Form::Sum
    } else {
        Form::Ratio
    };
    for file in arguments {
        let text = std::fs::read_to_string(&file)?;
        let read = read(&kind, &text)?;
        let begun = Instant::now();
        let options = Options {
            proportional: kind == "mean",
            ..Options::default()
        };
        let explanation: Explanation = explain(&read.facts, form, options);
        let seconds = begun.elapsed().as_secs_f64();
        let value = |period: usize| form.value(explanation.whole[period]);
        let segments: Vec<Value> = explanation
            .segments
            .iter()
            .map(|part| shown(&read, part))
            .collect();
        println!(
            "{}",
            json!({
                "file": file, "seconds": seconds, "searched": explanation.searched, "common": explanation.common,
                "change": value(1).zip(value(0)).map(|(is, was)| is - was), "residual": read.residual,
                "segments": segments, "rest": shown(&read, &explanation.rest),
            })
        );
    }
    Ok(())
}
