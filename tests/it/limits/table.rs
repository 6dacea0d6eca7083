//! docs/limits.md and docs/promises.md tell the truth: each limit is where it
//! says, and each row's tests are there.

use std::path::{Path, PathBuf};

/// A row of the table.
#[derive(Debug)]
struct Row {
    cells: Vec<String>,
}

/// A link of a row: what it shows and the file that it leads to.
#[derive(Debug)]
struct Link {
    name: String,
    file: PathBuf,
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn rows(text: &str) -> Vec<Row> {
    let lines = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows = lines.map(|line| Row {
        cells: line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect(),
    });
    rows.filter(|row| row.cells[0] != "limit").collect()
}

/// The links of a cell: [`name`](file).
fn links(cell: &str) -> Vec<Link> {
    let links = cell.split("[`").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("`](")?;
        let (file, _) = rest.split_once(')')?;
        Some(Link { name: name.to_owned(), file: docs().join(file) })
    });
    links.collect()
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn every_limit_is_where_its_row_says() {
    let rows = rows(&read(&docs().join("limits.md")));
    assert!(rows.len() > 40, "{} rows", rows.len());
    for row in &rows {
        let places = links(&row.cells[2]);
        assert!(!places.is_empty(), "{row:?}");
        for Link { name, file } in places {
            let text = read(&file);
            let is_there = text.contains(&format!("const {name}: "))
                || text.contains(&format!("`{name}`"))
                || text.contains(&format!("fn {name}("));
            assert!(is_there, "{}: no {name}", file.display());
        }
    }
}

#[test]
fn every_row_names_tests_that_exist() {
    for row in rows(&read(&docs().join("limits.md"))) {
        assert_eq!(row.cells.len(), 5, "{row:?}");
        assert!(row.cells.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let tests = links(&row.cells[4]);
        assert!(!tests.is_empty(), "{row:?}");
        for Link { name, file } in tests {
            let text = read(&file);
            let is_there = text.contains(&format!("fn {name}("));
            assert!(is_there, "{}: no test {name}", file.display());
        }
    }
}

/// Each row of docs/promises.md says by what it is kept, or why it is not.
#[test]
fn every_promise_names_tests_that_exist() {
    let text = read(&docs().join("promises.md"));
    let rows: Vec<Row> = rows(&text).into_iter().filter(|row| row.cells[0] != "promise").collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    for row in &rows {
        let [_, shown, not] = &row.cells[..] else { panic!("three cells: {row:?}") };
        assert!(shown != "—" || not != "—", "{row:?}");
        for Link { name, file } in links(shown) {
            assert!(read(&file).contains(&format!("fn {name}(")), "{}: {name}", file.display());
        }
    }
    for name in ["B1", "B9", "L1", "L8", "S1", "S15", "D1"] {
        assert!(text.contains(&format!("| **{name}** ")), "no row for {name}");
    }
}

#[test]
fn every_limit_of_the_configuration_has_a_row() {
    let reference = read(&docs().join("reference/config.md"));
    let rows = rows(&read(&docs().join("limits.md")));
    let keys = reference.lines().filter_map(|line| line.strip_prefix("| `limits."));
    for key in keys.map(|rest| rest.split_once('`').unwrap().0) {
        let name = format!("[`limits.{key}`]");
        assert!(rows.iter().any(|row| row.cells[2].contains(&name)), "no row for {name}");
    }
}
