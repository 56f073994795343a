//! What was measured, as a picture: bars side by side, ours in a colour.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;

use super::report::FOLDER;
use crate::harness::variable;

const FILE: &str = "SIGNPATH_BENCH_PICTURE";

/// In pixels: of the picture, of a bar with the room under it, of a panel's title, of the longest bar.
const WIDTH: usize = 760;
const BAR: usize = 26;
const TITLE: usize = 44;
const LONGEST: f64 = 380.0;
/// Where bars begin.
const LEFT: usize = 240;

/// Bars that are held against each other.
struct Panel {
    title: String,
    bars: Vec<(String, f64)>,
}

#[test]
#[ignore = "draws what scripts/bench has measured"]
fn drawn() {
    let folder = variable(FOLDER).expect("the samples");
    let file = variable(FILE).expect("the file");
    fs::write(file, draw(&panels(Path::new(&folder)))).expect("the picture is written");
}

/// The panels of all tables, in the order of their files' names.
fn panels(folder: &Path) -> Vec<Panel> {
    let entries = fs::read_dir(folder).expect("the samples");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let mut panels: Vec<Panel> = Vec::new();
    for file in files {
        let table = fs::read_to_string(file).expect("a table");
        let table: Value = serde_json::from_str(&table).expect("JSON");
        for bar in table["bars"].as_array().expect("the bars") {
            let word = |name: &str| bar[name].as_str().expect("a word").to_owned();
            let (title, label) = (word("panel"), word("label"));
            let bar = (label, bar["value"].as_f64().expect("a number"));
            match panels.iter_mut().find(|panel| panel.title == title) {
                Some(panel) => panel.bars.push(bar),
                None => panels.push(Panel { title, bars: vec![bar] }),
            }
        }
    }
    assert!(!panels.is_empty(), "no table has bars");
    panels
}

fn draw(panels: &[Panel]) -> String {
    let height: usize = panels.iter().map(|panel| TITLE + BAR * panel.bars.len()).sum();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#1f2937\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        height = height + TITLE / 2,
    );
    let mut top = 0;
    for panel in panels {
        writeln!(
            svg,
            "<text x=\"16\" y=\"{}\" font-weight=\"bold\">{}</text>",
            top + 30,
            panel.title
        )
        .expect("into a string");
        top += TITLE;
        let most = panel.bars.iter().map(|bar| bar.1).fold(f64::MIN_POSITIVE, f64::max);
        for (label, value) in &panel.bars {
            svg.push_str(&bar(top, label, *value, LONGEST * value / most));
            top += BAR;
        }
    }
    svg + "</svg>\n"
}

fn bar(top: usize, label: &str, value: f64, length: f64) -> String {
    let colour = if label.starts_with("module") || label.starts_with("plugin") {
        "#2563eb"
    } else {
        "#9ca3af"
    };
    let text = top + 14;
    let value = if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
    let end = LEFT as f64 + length + 8.0;
    format!(
        "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{label}</text>\
         <rect x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>\
         <text x=\"{end:.1}\" y=\"{text}\">{value}</text>\n",
        LEFT - 8,
    )
}
