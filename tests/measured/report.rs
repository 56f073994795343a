//! Samples, their medians, and where they are kept.

use std::fs;

use serde_json::{Value, json};

use crate::harness::variable;

/// Where the samples are kept, for whoever wants to look at more than medians.
pub(super) const FOLDER: &str = "SIGNPATH_BENCH_FOLDER";

/// Times of one thing that was done again and again, in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Samples(Vec<f64>);

impl Samples {
    pub(super) fn new(mut samples: Vec<f64>) -> Self {
        assert!(!samples.is_empty(), "nothing was measured");
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// From an array of JSON.
    pub(super) fn of(array: &Value) -> Self {
        let array = array.as_array().expect("an array of samples");
        Self::new(array.iter().map(|sample| sample.as_f64().expect("a number")).collect())
    }

    pub(super) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    pub(super) fn milliseconds(&self) -> String {
        format!("{:.2} ms", self.median() / 1000.0)
    }

    pub(super) fn microseconds(&self) -> String {
        format!("{:.1} µs", self.median())
    }

    pub(super) fn ratio(&self, limit: &Self) -> String {
        format!("{:.3}", self.median() / limit.median())
    }

    pub(super) fn json(&self) -> Value {
        json!({ "unit": "µs", "median": self.median(), "samples": self.0 })
    }
}

/// The rows of a table that is printed line by line, and kept as JSON.
pub(super) struct Table {
    name: &'static str,
    rows: Vec<Value>,
    bars: Vec<Value>,
}

impl Table {
    pub(super) fn new(name: &'static str, head: &[&str]) -> Self {
        println!("| {} |", head.join(" | "));
        println!("|{}", " --- |".repeat(head.len()));
        Self { name, rows: Vec::new(), bars: Vec::new() }
    }

    /// A line of the table, and what it comes from.
    pub(super) fn row(&mut self, cells: &[String], from: Value) {
        println!("| {} |", cells.join(" | "));
        self.rows.push(json!({ "cells": cells, "from": from }));
    }

    /// A bar of the picture, in a panel with others of the same unit.
    pub(super) fn bar(&mut self, panel: &str, label: &str, value: f64) {
        self.bars.push(json!({ "panel": panel, "label": label, "value": value }));
    }

    /// A bar for each of those that did the same, in milliseconds.
    pub(super) fn bars(&mut self, panel: &str, what: &str, times: [(&str, &Samples); 2]) {
        for (who, samples) in times {
            self.bar(panel, &format!("{who}, {what}"), samples.median() / 1000.0);
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let Some(folder) = variable(FOLDER) else { return };
        let path = std::path::Path::new(&folder).join(format!("{}.json", self.name));
        fs::write(&path, json!({ "rows": self.rows, "bars": self.bars }).to_string())
            .expect("the samples are kept");
    }
}
