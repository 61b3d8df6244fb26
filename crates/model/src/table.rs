//! Tables: rows of texts and numbers in columns.
//!
//! Deliberately absent: cells over several columns, and pictures in cells.

use serde_json::{Value, json};

use crate::element::{Corners, FontWeight, Length, Padding};
use crate::faults::{Faults, Found, at, each, set_all};
use crate::format::Format;
use crate::limits::{
    FONT_SIZE_PX_MAX, TABLE_CELL_CHARS_MAX, TABLE_CHARS_MAX, TABLE_COLUMNS_MAX, TABLE_ROWS_MAX,
};
use crate::property::{Properties as _, Property, kind, object, properties, words};
use crate::schema::{self, Defs};
use crate::text::{Align, Direction, list};
use crate::{Color, Lang, Paint};

properties! {
    /// Rows of texts and numbers.
    pub struct Table {
        /// The columns, from the first on; without them there are as many as the widest row has cells.
        "columns" columns: Columns = Columns::default();
        /// The rows, each a list of cells. Binding refuses to have none.
        "values" values: Option<Rows> = None;
        /// Font family.
        "fontFamily" font_family: String = "Inter".to_owned();
        /// Size in px.
        "fontSize" font_size: f64 = 14.0, in 1.0..=FONT_SIZE_PX_MAX;
        /// 1 to 1000, or `"normal"` and `"bold"`.
        "fontWeight" font_weight: FontWeight = FontWeight(400.0);
        /// Colour of the cells' text.
        "color" color: Color = Color::rgb(31, 41, 55);
        /// Weight of the headers.
        "headerFontWeight" header_font_weight: FontWeight = FontWeight(700.0);
        /// Colour of the headers' text.
        "headerColor" header_color: Color = Color::rgb(107, 114, 128);
        /// Painted behind the headers.
        "headerBackground" header_background: Paint = Paint::None;
        /// Painted behind the whole table.
        "background" background: Paint = Paint::None;
        /// Painted behind every second row.
        "stripe" stripe: Paint = Paint::None;
        /// Where there are lines.
        "borders" borders: Borders = Borders::Rows;
        /// Colour of the lines.
        "borderColor" border_color: Color = Color { r: 128, g: 128, b: 128, a: 64 };
        /// Width of the lines in px.
        "borderWidth" border_width: f64 = 1.0, in 0.0..=100.0;
        /// Corner radii of the table.
        "borderRadius" border_radius: Corners = Corners([0.0; 4]);
        /// Space around the text of a cell.
        "cellPadding" cell_padding: Padding = Padding([8.0, 12.0, 8.0, 12.0]);
        /// Height of a row in px, a line of text at least; `"auto"` is a line and the padding around it.
        "rowHeight" row_height: Length = Length::Auto;
        /// On which side the first column is; `auto` goes by the first letters in the table.
        "direction" direction: Direction = Direction::Auto;
        /// Language of the letters.
        "lang" lang: Lang = Lang::EN;
    }
}

words! {
    /// Where a table has lines.
    pub enum Borders {
        /// Nowhere.
        None = "none",
        /// Between rows.
        Rows = "rows",
        /// Between rows and columns, and around.
        Grid = "grid",
    }
}

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns(pub Vec<Column>);

properties! {
    /// A column of a table.
    pub struct Column {
        /// What stands at its head.
        "header" header: String = String::new();
        /// Its share of the width, in comparison with the others.
        "width" width: f64 = 1.0, in 0.01..=1000.0;
        /// Across the column; numbers stand at the end by default, texts at the start.
        "align" align: Option<Align> = None;
    }
}

impl Property for Columns {
    fn read(value: &Value) -> Result<Self, Faults> {
        each(list(value, TABLE_COLUMNS_MAX, "columns")?, column).map(Self)
    }

    fn write(&self) -> Value {
        self.0.iter().map(|column| Value::Object(column.write())).collect()
    }

    fn schema(defs: &mut Defs) -> Value {
        let column = schema::object(Column::default().schema(defs), &[]);
        json!({"type": "array", "items": column, "maxItems": TABLE_COLUMNS_MAX})
    }
}

fn column(value: &Value) -> Result<Column, Faults> {
    let mut column = Column::default();
    let mut found = Found::default();
    found.keep(set_all(&mut column, object(value)?, "a column"));
    found.keep(at(".header", short(&column.header)));
    found.or(Some(column))
}

/// The rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows(pub Vec<Vec<Cell>>);

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Whether it is a number: digits and signs, but no letter.
    pub number: bool,
}

impl Property for Rows {
    fn read(value: &Value) -> Result<Self, Faults> {
        let row = |row: &Value| each(list(row, TABLE_COLUMNS_MAX, "cells")?, Cell::read);
        let rows = each(list(value, TABLE_ROWS_MAX, "rows")?, row)?;
        let cells = rows.iter().flatten();
        if cells.map(|cell| cell.text.chars().count()).sum::<usize>() > TABLE_CHARS_MAX {
            return Err(format!("more than {TABLE_CHARS_MAX} characters in all").into());
        }
        Ok(Self(rows))
    }

    fn write(&self) -> Value {
        let row = |row: &Vec<Cell>| row.iter().map(|cell| json!(cell.text)).collect::<Value>();
        self.0.iter().map(row).collect()
    }

    fn schema(_: &mut Defs) -> Value {
        let cell = json!({
            "type": ["string", "number", "null"], "maxLength": TABLE_CELL_CHARS_MAX,
        });
        let row = json!({"type": "array", "items": cell, "maxItems": TABLE_COLUMNS_MAX});
        json!({
            "type": "array", "items": row, "maxItems": TABLE_ROWS_MAX,
            "examples": [[["Apples", 3], ["Pears", 5]]],
        })
    }
}

impl Cell {
    fn read(value: &Value) -> Result<Self, Faults> {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(_) => Format::Plain.write(value, &Lang::EN)?,
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Err(format!("expected a text or a number, found {}", kind(value)).into());
            }
        };
        short(&text)?;
        let number = text.contains(char::is_numeric) && !text.contains(char::is_alphabetic);
        Ok(Self { text, number })
    }
}

fn short(text: &str) -> Result<(), Faults> {
    if text.chars().count() > TABLE_CELL_CHARS_MAX {
        return Err(format!("longer than {TABLE_CELL_CHARS_MAX} characters").into());
    }
    Ok(())
}

impl Table {
    /// What is wrong with its rows.
    pub(crate) fn fault(&self) -> Option<String> {
        let columns = self.columns.0.len();
        let rows = self.values.iter().flat_map(|rows| rows.0.iter().enumerate());
        let mut longer = rows.filter(|(_, row)| columns > 0 && row.len() > columns);
        longer.next().map(|(at, row)| {
            format!("[{at}] has {} cells; the table has {columns} columns", row.len())
        })
    }
}
