//! Tables: cells of one line in columns, headers above.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;
use kurbo::{Rect, Stroke};
use pixeldrive_model::{
    self as model, Align, Borders, Cell, Column, Direction, Element, Padding, Paint, Text,
};

use super::grid::Grid;
use super::label::{LINE, Label, Labels};
use super::{Context, paint, size};
use crate::Error;
use crate::drawing::{Mark, Shape};

/// Room that rounding may cost rows that fit exactly, in px.
const SLACK_PX: f64 = 0.01;

/// A table whose columns and rows are placed.
struct Placed<'a> {
    table: &'a model::Table,
    columns: Vec<Placing<'a>>,
    rows: &'a [Vec<Cell>],
    has_headers: bool,
    /// Whether the first column is on the right.
    rtl: bool,
    /// Height of a row.
    row: f64,
    /// What is above and below the text of a cell.
    padding: (f64, f64),
    /// What is drawn on.
    area: Rect,
    grid: Grid,
}

/// A column from side to side.
struct Placing<'a> {
    column: Option<&'a Column>,
    x: (f64, f64),
    /// Whether all of its cells are numbers.
    numbers: bool,
}

pub(super) fn table(
    context: &mut Context<'_>,
    element: &Element,
    table: &model::Table,
) -> Result<(), Error> {
    let placed = place(context, element, table);
    let rounded = paint::rounded(placed.area, table.border_radius);
    let transform = context.transform;
    let clips = matches!(rounded, Shape::Path(_));
    if clips {
        context.drawing.push(Mark::PushClip { transform, shape: rounded.clone() })?;
    }
    placed.backgrounds(context)?;
    placed.rules(context)?;
    if clips {
        context.drawing.push(Mark::Pop)?;
    }
    placed.frame(context)?;
    placed.texts(context, element)
}

/// Decides where columns and rows are; says when some rows have no room.
fn place<'a>(context: &mut Context<'_>, element: &Element, table: &'a model::Table) -> Placed<'a> {
    let area = size(element).to_rect();
    let all = table.values.as_ref().map(|rows| rows.0.as_slice()).unwrap_or_default();
    let has_headers = table.columns.0.iter().any(|column| !column.header.is_empty());
    let (row, padding) = row(context, element, table);
    let head = if has_headers { row } else { 0.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is right"
    )]
    let fit = ((area.height() - head + SLACK_PX) / row).floor() as usize;
    let rows = &all[..all.len().min(fit)];
    if rows.len() < all.len() {
        let message = format!(
            "{} of {} rows are shown; enlarge the box, or make fontSize, cellPadding or rowHeight smaller",
            rows.len(),
            all.len()
        );
        context.warn("rows_cut", element, message);
    }
    let height = head + row * rows.len() as f64;
    let area = Rect { y1: area.y0 + height, ..area };
    let grid = Grid::new(context.transform);
    let rtl = is_rtl(table, all);
    let columns = columns(table, all, area, rtl);
    Placed { table, columns, rows, has_headers, rtl, row, padding, area, grid }
}

/// How high rows are, and what of that is above and below a text. In low rows padding gives way to the text,
/// which no row is lower than: texts would stand on each other.
fn row(context: &mut Context<'_>, element: &Element, table: &model::Table) -> (f64, (f64, f64)) {
    let Padding([top, _, bottom, _]) = table.cell_padding;
    let line = table.font_size * LINE;
    let wanted = table.row_height.or(line + top + bottom);
    if wanted < line - SLACK_PX {
        let message = format!(
            "a rowHeight of {wanted} px is less than a line of text; rows are {line:.1} px high, make \
             fontSize smaller"
        );
        context.warn("value_clamped", element, message);
    }
    let row = wanted.max(line);
    let share = ((row - line) / (top + bottom).max(SLACK_PX)).min(1.0);
    (row, (top * share, bottom * share))
}

fn columns<'a>(
    table: &'a model::Table,
    rows: &[Vec<Cell>],
    area: Rect,
    rtl: bool,
) -> Vec<Placing<'a>> {
    let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
    let count = if table.columns.0.is_empty() { widest } else { table.columns.0.len() };
    let share = |index: usize| table.columns.0.get(index).map_or(1.0, |column| column.width);
    let total: f64 = (0..count).map(share).sum();
    let mut from = 0.0;
    let place = |index: usize| {
        let to = from + share(index) / total * area.width();
        let x = if rtl { (area.x1 - to, area.x1 - from) } else { (area.x0 + from, area.x0 + to) };
        from = to;
        let cells = || rows.iter().filter_map(move |row| row.get(index));
        let filled = || cells().filter(|cell| !cell.text.is_empty());
        let numbers = filled().next().is_some() && filled().all(|cell| cell.number);
        Placing { column: table.columns.0.get(index), x, numbers }
    };
    (0..count).map(place).collect()
}

/// Whether the first column is on the right.
fn is_rtl(table: &model::Table, rows: &[Vec<Cell>]) -> bool {
    let headers = table.columns.0.iter().map(|column| column.header.as_str());
    let cells = rows.iter().flatten().map(|cell| cell.text.as_str());
    match table.direction {
        Direction::Ltr => false,
        Direction::Rtl => true,
        Direction::Auto => {
            let classes = CodePointMapData::<BidiClass>::new();
            let mut strong =
                headers.chain(cells).flat_map(str::chars).map(|char| classes.get(char));
            let first = strong.find(|class| {
                [BidiClass::LeftToRight, BidiClass::RightToLeft, BidiClass::ArabicLetter]
                    .contains(class)
            });
            first.is_some_and(|class| class != BidiClass::LeftToRight)
        }
    }
}

impl Placed<'_> {
    /// From where to where a line of cells reaches; the headers are the first one, if there are any.
    fn line(&self, index: usize) -> (f64, f64) {
        let top = self.area.y0 + self.row * index as f64;
        (top, top + self.row)
    }

    /// Lines of cells, the headers among them.
    fn lines(&self) -> usize {
        self.rows.len() + usize::from(self.has_headers)
    }

    fn backgrounds(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let head = usize::from(self.has_headers);
        let mut fill = |paint: &Paint, (y0, y1): (f64, f64)| {
            let area = self.grid.rect(Rect { y0, y1, ..self.area });
            let Some(brush) = paint::brush(paint, area).filter(|_| !area.is_zero_area()) else {
                return Ok(());
            };
            let (transform, shape) = (context.transform, Shape::Rect(area));
            context.drawing.push(Mark::Fill { transform, shape, brush })
        };
        fill(&self.table.background, (self.area.y0, self.area.y1))?;
        if self.has_headers {
            fill(&self.table.header_background, self.line(0))?;
        }
        for index in (1..self.rows.len()).step_by(2) {
            fill(&self.table.stripe, self.line(head + index))?;
        }
        Ok(())
    }

    /// The lines between rows and between columns.
    fn rules(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let (borders, width) = (self.table.borders, self.table.border_width);
        let mut rules = Vec::new();
        if borders != Borders::None {
            let (left, right) = (self.area.x0, self.area.x1);
            let tops = (1..self.lines()).map(|index| self.line(index).0);
            rules.extend(tops.map(|y| self.grid.rule((left, right), y, width)));
        }
        if borders == Borders::Grid {
            let reach = (self.area.y0, self.area.y1);
            let edges = self.columns.iter().map(|column| column.x.0);
            let inner = edges.filter(|x| (*x - self.area.x0).abs() > SLACK_PX);
            rules.extend(inner.map(|x| self.grid.upright_rule(x, reach, width)));
        }
        let Some(brush) = paint::brush(&Paint::Solid(self.table.border_color), self.area) else {
            return Ok(());
        };
        for rule in rules.into_iter().filter(|rule| !rule.is_zero_area()) {
            let (transform, shape, brush) = (context.transform, Shape::Rect(rule), brush.clone());
            context.drawing.push(Mark::Fill { transform, shape, brush })?;
        }
        Ok(())
    }

    /// The line around the table, inside of its box.
    fn frame(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let (width, area) = (self.table.border_width, self.grid.rect(self.area));
        let brush = paint::brush(&Paint::Solid(self.table.border_color), area);
        let wanted = self.table.borders == Borders::Grid && width > 0.0 && !area.is_zero_area();
        let Some(brush) = brush.filter(|_| wanted) else { return Ok(()) };
        let line = self.grid.rule((0.0, 0.0), 0.0, width).height();
        let middle = area.inset(-line / 2.0);
        let corners = self.table.border_radius.0.map(|radius| (radius - line / 2.0).max(0.0));
        let shape = paint::rounded(middle, model::Corners(corners));
        let (transform, stroke) =
            (context.transform, Stroke::new(line).with_join(kurbo::Join::Miter));
        context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })
    }

    fn texts(&self, context: &mut Context<'_>, element: &Element) -> Result<(), Error> {
        let table = self.table;
        let cells = Text {
            font_family: table.font_family.clone(),
            font_size: table.font_size,
            font_weight: table.font_weight,
            color: Paint::Solid(table.color),
            lang: table.lang.clone(),
            ..Text::default()
        };
        let headers = Text {
            font_weight: table.header_font_weight,
            color: Paint::Solid(table.header_color),
            ..cells.clone()
        };
        let mut labels = Labels::new(element);
        if self.has_headers {
            for column in &self.columns {
                let words = column.column.map_or("", |column| &column.header);
                labels.draw(context, &self.label(column, 0, words, &headers))?;
            }
        }
        let head = usize::from(self.has_headers);
        for (index, row) in self.rows.iter().enumerate() {
            for (cell, column) in row.iter().zip(&self.columns) {
                labels.draw(context, &self.label(column, head + index, &cell.text, &cells))?;
            }
        }
        labels.report(context);
        Ok(())
    }

    fn label<'a>(
        &self,
        column: &Placing<'_>,
        line: usize,
        words: &'a str,
        look: &'a Text,
    ) -> Label<'a> {
        let Padding([_, right, _, left]) = self.table.cell_padding;
        let (y0, y1) = self.line(line);
        let (x0, x1) = (column.x.0 + left, column.x.1 - right);
        let area = Rect::new(x0, y0 + self.padding.0, x1.max(x0), y1 - self.padding.1);
        let wanted = column.column.and_then(|column| column.align);
        let wanted = wanted.unwrap_or(if column.numbers { Align::End } else { Align::Start });
        // A table has one direction, whatever the letters of a cell.
        let align = match (wanted, self.rtl) {
            (Align::Start | Align::Justify, false) | (Align::End, true) => Align::Left,
            (Align::End, false) | (Align::Start | Align::Justify, true) => Align::Right,
            (other, _) => other,
        };
        Label { words, look, area, align }
    }
}
