//! Rows of a batch file: NDJSON or CSV, one payload each.
//!
//! A CSV column is named `element.property`: `headline.text`, `avatar.src`, `stars.value`,
//! `badge.visible`. Cells of `text` and `src` are text; any other cell is read as JSON where it is
//! JSON (numbers, `true`, lists) and as text where it is not (`#ff0000`, `center`). An empty cell
//! is as if the column were not there. A column that is named like a path that the template reads,
//! `price` or `user.name`, is its text. Other columns without a point can still name the files.
//!
//! Rows are read one by one: a file may be larger than memory. A row that cannot be read is an
//! error of its own and does not end the reading.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail};
use pixeldrive_model::{Payload, Problem, parse_payload};
use serde_json::{Map, Value};

/// One row.
pub(crate) struct Row {
    /// From 1, blank lines and the heading not counted.
    pub(crate) number: usize,
    /// Where it is in the file, for messages: `line 5` of NDJSON, `row 3` of CSV, whose rows may have
    /// several lines.
    pub(crate) place: String,
    /// What the file is named after: the cell of the wanted column.
    pub(crate) name: Option<String>,
    /// The data, or why it cannot be read.
    pub(crate) payload: Result<Payload, String>,
}

/// What columns stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    /// The column that names the files.
    pub(crate) name_by: Option<String>,
    /// The paths that the template's placeholders and conditions read.
    pub(crate) paths: HashSet<String>,
}

/// The rows of a file, by its ending.
pub(crate) fn read(path: &Path, columns: &Columns) -> Result<Box<dyn Iterator<Item = Row>>> {
    let name_by = columns.name_by.as_deref();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "csv" => csv(path, file, columns).with_context(|| path.display().to_string()),
        "ndjson" | "jsonl" => Ok(Box::new(ndjson(BufReader::new(file), name_by))),
        _ => bail!("{}: rows are read from .ndjson, .jsonl or .csv files", path.display()),
    }
}

/// The columns of a CSV file that will not reach any element.
pub(crate) fn ignored_columns(path: &Path, columns: &Columns) -> Result<Vec<String>> {
    let used = |header: &String| {
        column(header).is_some()
            || columns.name_by.as_ref() == Some(header)
            || columns.paths.contains(header)
    };
    Ok(heading(path)?.into_iter().filter(|header| !used(header)).collect())
}

/// The elements that the columns of a CSV file name, each with a property.
pub(crate) fn columns(path: &Path, columns: &Columns) -> Result<Vec<(String, String)>> {
    let headers = heading(path)?;
    let others = headers.iter().filter(|header| {
        !columns.paths.contains(*header) && columns.name_by.as_ref() != Some(header)
    });
    let named = others.filter_map(|header| column(header));
    Ok(named.map(|(element, property)| (element.to_owned(), property.to_owned())).collect())
}

/// The heading of a CSV file; other files have none.
fn heading(path: &Path) -> Result<Vec<String>> {
    if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("csv")) {
        return Ok(Vec::new());
    }
    let mut reader = ::csv::Reader::from_path(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    headers(&mut reader).with_context(|| path.display().to_string())
}

/// The names of columns, each one once.
fn headers(reader: &mut ::csv::Reader<File>) -> Result<Vec<String>> {
    let headers: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    if let [all] = headers.as_slice()
        && let Some(separator) = [';', '\t'].into_iter().find(|char| all.contains(*char))
    {
        bail!(
            "the columns are separated by {separator:?}; export the file with commas between them"
        );
    }
    if let Some(twice) = headers.iter().enumerate().find(|(at, name)| headers[..*at].contains(name))
    {
        bail!("two columns are named `{}`", twice.1);
    }
    Ok(headers)
}

fn ndjson(
    reader: impl BufRead + 'static,
    name_by: Option<&str>,
) -> impl Iterator<Item = Row> + 'static {
    let name_by = name_by.map(str::to_owned);
    let lines = reader.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    lines.enumerate().map(move |(index, (line_index, line))| {
        let payload = line
            .map_err(|error| error.to_string())
            .and_then(|line| parse_payload(line.as_bytes()).map_err(|problems| join(&problems)));
        let name = name_by.as_deref().zip(payload.as_ref().ok());
        let name = name.and_then(|(column, payload)| name_in(payload, column));
        Row { number: index + 1, place: format!("line {}", line_index + 1), name, payload }
    })
}

/// The value at `element.property`, as text.
fn name_in(payload: &Payload, column: &str) -> Option<String> {
    let (element, property) = column.rsplit_once('.')?;
    match payload.get(element)?.get(property)? {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other @ (Value::Bool(_) | Value::Number(_)) => Some(other.to_string()),
    }
}

fn csv(path: &Path, file: File, columns: &Columns) -> Result<Box<dyn Iterator<Item = Row>>> {
    let length = file.metadata()?.len();
    let mut reader = ::csv::Reader::from_reader(file);
    let headers = headers(&mut reader)?;
    let name_at = match columns.name_by.as_deref() {
        None => None,
        Some(name) => match headers.iter().position(|header| header == name) {
            Some(at) => Some(at),
            None => bail!("there is no column `{name}`; there are {}", headers.join(", ")),
        },
    };
    let paths = columns.paths.clone();
    let (path, mut number) = (path.to_owned(), 0);
    let rows = std::iter::from_fn(move || {
        let mut record = ::csv::StringRecord::new();
        let record = match reader.read_record(&mut record) {
            Ok(false) => return None,
            Ok(true) if reader.position().byte() >= length && ends_in_quotes(&path, &record) => {
                Err("the file ends inside of quotes: a closing `\"` is missing".to_owned())
            }
            Ok(true) => Ok(record),
            Err(error) => Err(error.to_string()),
        };
        number += 1;
        let name = record.as_ref().ok().zip(name_at).and_then(|(record, at)| record.get(at));
        let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        let payload = match record {
            Ok(record) => Ok(payload(&headers, &record, &paths)),
            Err(reason) => Err(reason),
        };
        Some(Row { number, place: format!("row {number}"), name, payload })
    });
    Ok(Box::new(rows))
}

/// Whether the last row of a file opens quotes and does not close them: the reader takes the rest of
/// the file for a cell.
fn ends_in_quotes(path: &Path, record: &::csv::StringRecord) -> bool {
    let Some(start) = record.position().map(::csv::Position::byte) else { return false };
    let mut text = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut text)
    });
    let (mut quoted, mut cell_begins) = (false, true);
    for byte in text {
        match byte {
            // Two in a row are one that is meant, and leave things as they are.
            b'"' if quoted || cell_begins => quoted = !quoted,
            _ => {}
        }
        cell_begins = !quoted && matches!(byte, b',' | b'\n' | b'\r' | b'"');
    }
    read.is_ok() && quoted
}

fn payload(headers: &[String], record: &::csv::StringRecord, paths: &HashSet<String>) -> Payload {
    let mut payload = Payload::new();
    for (header, text) in headers.iter().zip(record) {
        if paths.contains(header) && !text.is_empty() {
            put(&mut payload, header, text);
            continue;
        }
        let Some((element, property)) = column(header).filter(|_| !text.is_empty()) else {
            continue;
        };
        let values = payload.entry(element).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(values) = values {
            values.insert(property.to_owned(), cell(property, text));
        }
    }
    payload
}

/// Puts a text where the template looks for it.
fn put(fields: &mut Map<String, Value>, path: &str, text: &str) {
    match path.split_once('.') {
        None => _ = fields.insert(path.to_owned(), text.into()),
        Some((name, rest)) => {
            let inner = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, text);
            }
        }
    }
}

/// The element and the property that a column names.
fn column(header: &str) -> Option<(&str, &str)> {
    header
        .rsplit_once('.')
        .filter(|(element, property)| !element.is_empty() && !property.is_empty())
}

fn cell(property: &str, text: &str) -> Value {
    let plain = || Value::String(text.to_owned());
    if matches!(property, "text" | "src") {
        return plain();
    }
    serde_json::from_str(text.trim()).unwrap_or_else(|_| plain())
}

/// Problems as one line.
pub(crate) fn join(problems: &[Problem]) -> String {
    let line = |problem: &Problem| match problem.path.as_str() {
        "" => problem.message.clone(),
        path => format!("{path}: {}", problem.message),
    };
    problems.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Rows as `number name payload`, a payload that cannot be read as `failed`.
    #[track_caller]
    fn check(ending: &str, name_by: Option<&str>, text: &str, expected: &[(usize, &str, Value)]) {
        let paths = ["price", "user.name"].map(str::to_owned).into();
        let columns = Columns { name_by: name_by.map(str::to_owned), paths };
        let file = tempfile::Builder::new().suffix(ending).tempfile().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let rows: Vec<_> = read(file.path(), &columns).expect("rows").collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let payload = row.payload.clone().map_or(json!("failed"), Value::Object);
                (row.number, row.name.as_deref().unwrap_or(""), payload)
            })
            .collect();
        assert_eq!(rows, expected, "{text}");
    }

    #[test]
    fn cells_become_values() {
        check(
            ".csv",
            None,
            "id,headline.text,stars.value,badge.visible,badge.fontSize,badge.color,photo.src\n\
             7,\"Hello, you\",4.5,false,18,#ff0000,https://x/y.jpg\n\
             8,42,,,,,\n",
            &[
                (
                    1,
                    "",
                    json!({
                        "headline": {"text": "Hello, you"},
                        "stars": {"value": 4.5},
                        "badge": {"visible": false, "fontSize": 18, "color": "#ff0000"},
                        "photo": {"src": "https://x/y.jpg"},
                    }),
                ),
                (2, "", json!({"headline": {"text": "42"}})),
            ],
        );
    }

    #[test]
    fn a_column_names_the_files() {
        check(
            ".csv",
            Some("id"),
            "id,a.text\nx,1\n,2\n",
            &[(1, "x", json!({"a": {"text": "1"}})), (2, "", json!({"a": {"text": "2"}}))],
        );
        check(
            ".ndjson",
            Some("a.text"),
            "{\"a\": {\"text\": \"x\"}}\n\n{\"b\": {\"value\": 1}}\n",
            &[(1, "x", json!({"a": {"text": "x"}})), (2, "", json!({"b": {"value": 1}}))],
        );
    }

    #[test]
    fn a_column_fills_a_placeholder_as_text() {
        check(
            ".csv",
            None,
            "price,user.name,user.age\n1.50,Ada,36\n,,\n",
            &[
                (1, "", json!({"price": "1.50", "user": {"name": "Ada", "age": 36}})),
                (2, "", json!({})),
            ],
        );
    }

    #[test]
    fn a_row_that_cannot_be_read_fails_alone() {
        let (one, failed) = (json!({"a": {"text": "1"}}), json!("failed"));
        check(
            ".csv",
            None,
            "a.text\n1\n\"2\n3\n",
            &[(1, "", one.clone()), (2, "", failed.clone())],
        );
        check(".csv", None, "a.text\n1\n\"2\"\"", &[(1, "", one.clone()), (2, "", failed)]);
        let inches = json!({"a": {"text": "5\" disk"}});
        check(".csv", None, "a.text\n1\n5\" disk", &[(1, "", one.clone()), (2, "", inches)]);
        let quoted = json!({"a": {"text": "say \"x\""}});
        check(".csv", None, "a.text\n1\n\"say \"\"x\"\"\"", &[(1, "", one), (2, "", quoted)]);
        check(
            ".csv",
            None,
            "a.text\n1\n1,2\n3\n",
            &[
                (1, "", json!({"a": {"text": "1"}})),
                (2, "", json!("failed")),
                (3, "", json!({"a": {"text": "3"}})),
            ],
        );
        check(
            ".ndjson",
            None,
            "{\"a\": {}}\nnot json\n[]\n{}\n",
            &[
                (1, "", json!({"a": {}})),
                (2, "", json!("failed")),
                (3, "", json!("failed")),
                (4, "", json!({})),
            ],
        );
    }

    #[test]
    fn columns_without_an_element_are_known() {
        let file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
        std::fs::write(file.path(), "id,a.text,email,.x,price\n").expect("written");
        let columns =
            Columns { name_by: Some("id".to_owned()), paths: ["price".to_owned()].into() };
        let ignored = ignored_columns(file.path(), &columns).expect("a heading");
        assert_eq!(ignored, ["email", ".x"]);
        let named = super::columns(file.path(), &columns).expect("a heading");
        assert_eq!(named, [("a".to_owned(), "text".to_owned())]);
    }

    #[test]
    fn a_heading_that_is_no_comma_separated_one_is_refused() {
        let check = |text: &str, expected: &str| {
            let file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
            std::fs::write(file.path(), text).expect("written");
            let error = heading(file.path()).expect_err(text);
            assert!(format!("{error:#}").ends_with(expected), "{text}: {error:#}");
        };
        let commas = |separator: &str| {
            format!(
                "the columns are separated by '{separator}'; export the file with commas between them"
            )
        };
        check("a.text;b.text\n1;2\n", &commas(";"));
        check("a.text\tb.text\n1\t2\n", &commas("\\t"));
        check("a.text,a.text\n1,2\n", "two columns are named `a.text`");
    }
}
