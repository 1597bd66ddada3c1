//! Charts as SVG: few colours, labels on what is shown, axes from zero.
//!
//! The marks are drawn one by one instead of by plotters' own axes, which measure text in bytes and
//! so leave three times the room that Chinese needs.

use std::error::Error;

use millrace_models::metric::Unit;
use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color as _, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _, IntoFont as _,
    PathElement, RGBColor, Rectangle, SVGBackend, Text, TextStyle, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::language::{Language, Measured, short};

const ACCENT: RGBColor = RGBColor(0x16, 0x77, 0xff);
const COMPARED: RGBColor = RGBColor(0xa6, 0xad, 0xb8);
const INK: RGBColor = RGBColor(0x26, 0x26, 0x26);
const QUIET: RGBColor = RGBColor(0x6b, 0x72, 0x80);
const GRID: RGBColor = RGBColor(0xe5, 0xe7, 0xeb);
/// So wide that the text is readable where two stand side by side on a page.
const WIDTH: u32 = 480;
const TEXT: f64 = 13.0;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<
    (),
    DrawingAreaErrorKind<<SVGBackend<'a> as plotters::prelude::DrawingBackend>::ErrorType>,
>;

/// How charts are written.
#[derive(Debug, Clone)]
pub(super) struct Pen {
    /// The family of the letters.
    pub(super) font: String,
    pub(super) language: Language,
}

/// How values over time are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Columns,
    Line,
}

/// Values in the order of the labels; none leaves a gap.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    pub(super) values: &'a [Option<f64>],
}

impl Pen {
    fn text(&self, color: RGBColor, horizontal: HPos, vertical: VPos) -> TextStyle<'_> {
        (self.font.as_str(), TEXT)
            .into_font()
            .color(&color)
            .pos(Pos::new(horizontal, vertical))
    }

    /// Values over time, with those of the year before as a line; the last one is the month.
    pub(super) fn over_time(
        &self,
        labels: &[String],
        now: &Series<'_>,
        before: Option<&Series<'_>>,
        measured: Measured,
        shape: Shape,
    ) -> Result<String, Box<dyn Error + Send + Sync>> {
        const HEIGHT: u32 = 220;
        let has_columns = matches!(shape, Shape::Columns);
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
            let all = now
                .values
                .iter()
                .chain(before.map_or(&[][..], |own| own.values));
            let most = nice(all.flatten().copied().fold(0.0, f64::max));
            let (left, right, top, bottom) = (66, 14, 30, 28);
            let inner = (
                i32::try_from(WIDTH)? - left - right,
                i32::try_from(HEIGHT)? - top - bottom,
            );
            let step = f64::from(inner.0) / labels.len().max(1) as f64;
            let x = |place: usize| left + whole(step * (place as f64 + 0.5));
            let y = |value: f64| top + inner.1 - whole(value / most * f64::from(inner.1));
            self.rules(&area, most, (left, left + inner.0), y, measured)?;
            for (place, label) in labels.iter().enumerate() {
                // every second label where they would touch
                let is_last = place + 1 == labels.len();
                if is_last || (labels.len() - 1 - place).is_multiple_of(1 + labels.len() / 7) {
                    let style = self.text(QUIET, HPos::Center, VPos::Top);
                    area.draw(&Text::new(
                        label.clone(),
                        (x(place), top + inner.1 + 8),
                        style,
                    ))?;
                }
            }
            if has_columns {
                let half = whole(step * 0.31).max(1);
                for (place, value) in now.values.iter().enumerate() {
                    let Some(value) = value.filter(|value| *value > 0.0) else {
                        continue;
                    };
                    let is_last = place + 1 == now.values.len();
                    let fill = if is_last {
                        ACCENT.mix(1.0)
                    } else {
                        ACCENT.mix(0.45)
                    };
                    let corners = [(x(place) - half, y(value)), (x(place) + half, y(0.0))];
                    area.draw(&Rectangle::new(corners, fill.filled()))?;
                }
            }
            if let Some(before) = before {
                path(&area, before.values, COMPARED, x, y)?;
            }
            if !has_columns {
                path(&area, now.values, ACCENT, x, y)?;
            }
            if let Some((place, value)) = last(now.values) {
                let style = self.text(INK, HPos::Center, VPos::Bottom);
                let place = x(place).min(left + inner.0 - 30);
                let text = short(Some(value), measured, self.language);
                area.draw(&Text::new(text, (place, y(value) - 5), style))?;
            }
            self.names(
                &area,
                now.name,
                before.map(|own| own.name),
                left,
                has_columns,
            )?;
            area.present()?;
        }
        Ok(svg)
    }

    /// What the colours mean, above the chart.
    fn names<'a>(
        &self,
        area: &Area<'a>,
        now: &str,
        before: Option<&str>,
        left: i32,
        has_columns: bool,
    ) -> Drawn<'a> {
        let mut at = left;
        let all = [(now, ACCENT, has_columns)];
        let all = all
            .into_iter()
            .chain(before.map(|name| (name, COMPARED, false)));
        for (name, color, is_column) in all {
            if is_column {
                let corners = [(at, 6), (at + 12, 16)];
                area.draw(&Rectangle::new(corners, color.filled()))?;
            } else {
                let line = vec![(at, 11), (at + 14, 11)];
                area.draw(&PathElement::new(line, color.stroke_width(3)))?;
            }
            let style = self.text(QUIET, HPos::Left, VPos::Center);
            area.draw(&Text::new(name.to_owned(), (at + 20, 11), style))?;
            at += 20 + width(name) + 26;
        }
        Ok(())
    }

    fn rules<'a>(
        &self,
        area: &Area<'a>,
        most: f64,
        (from, to): (i32, i32),
        y: impl Fn(f64) -> i32,
        measured: Measured,
    ) -> Drawn<'a> {
        for part in 0..=4 {
            let value = most * f64::from(part) / 4.0;
            let line = vec![(from, y(value)), (to, y(value))];
            area.draw(&PathElement::new(line, GRID.stroke_width(1)))?;
            if part % 2 == 0 {
                let style = self.text(QUIET, HPos::Right, VPos::Center);
                let text = short(Some(value), measured, self.language);
                area.draw(&Text::new(text, (from - 8, y(value)), style))?;
            }
        }
        Ok(())
    }

    /// Bars of members, each with its value at the end, and what it was before in grey below.
    pub(super) fn bars(
        &self,
        labels: &[String],
        now: &Series<'_>,
        before: Option<&Series<'_>>,
        measured: Measured,
        marked: Option<usize>,
    ) -> Result<String, Box<dyn Error + Send + Sync>> {
        let (row, top) = (if before.is_some() { 40 } else { 30 }, 30);
        let height = top + row * i32::try_from(labels.len().max(1))? + 6;
        let mut svg = String::new();
        {
            let size = (WIDTH, u32::try_from(height)?);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&WHITE)?;
            let all = now
                .values
                .iter()
                .chain(before.map_or(&[][..], |own| own.values));
            let most = all
                .flatten()
                .copied()
                .fold(0.0, f64::max)
                .max(f64::MIN_POSITIVE);
            let left = labels
                .iter()
                .map(|label| width(label))
                .max()
                .unwrap_or(0)
                .clamp(50, 170)
                + 16;
            let room = f64::from(i32::try_from(WIDTH)? - left - 100);
            let end = |value: f64| left + whole(value / most * room).max(1);
            for (place, label) in labels.iter().enumerate() {
                let y = top + row * i32::try_from(place)?;
                let middle = y + row / 2;
                let style = self.text(INK, HPos::Right, VPos::Center);
                area.draw(&Text::new(fitting(label), (left - 10, middle), style))?;
                let (upper, lower) = if before.is_some() {
                    (y + 4, y + 20)
                } else {
                    (y + 5, y + 23)
                };
                let color = if marked.is_none_or(|own| own == place) {
                    ACCENT.mix(1.0)
                } else {
                    ACCENT.mix(0.45)
                };
                if let Some(value) = now.values.get(place).copied().flatten() {
                    let corners = [(left, upper), (end(value.max(0.0)), lower)];
                    area.draw(&Rectangle::new(corners, color.filled()))?;
                    let style = self.text(INK, HPos::Left, VPos::Center);
                    let text = short(Some(value), measured, self.language);
                    let at = (end(value.max(0.0)) + 8, i32::midpoint(upper, lower));
                    area.draw(&Text::new(text, at, style))?;
                }
                if let Some(value) = before.and_then(|own| own.values.get(place).copied().flatten())
                {
                    let corners = [(left, y + 22), (end(value.max(0.0)), y + 32)];
                    area.draw(&Rectangle::new(corners, COMPARED.mix(0.7).filled()))?;
                    let style = self.text(QUIET, HPos::Left, VPos::Center);
                    let text = short(Some(value), measured, self.language);
                    area.draw(&Text::new(text, (end(value.max(0.0)) + 8, y + 27), style))?;
                }
            }
            self.names(&area, now.name, None, left, true)?;
            if let Some(before) = before {
                let at = left + 46 + width(now.name);
                let corners = [(at, 6), (at + 12, 16)];
                area.draw(&Rectangle::new(corners, COMPARED.mix(0.7).filled()))?;
                let style = self.text(QUIET, HPos::Left, VPos::Center);
                area.draw(&Text::new(before.name.to_owned(), (at + 20, 11), style))?;
            }
            area.present()?;
        }
        Ok(svg)
    }

    /// From the number before to the number after, by its parts.
    pub(super) fn waterfall(
        &self,
        labels: &[String],
        steps: &[f64],
        (before, after): (f64, f64),
        ends: [&str; 2],
        measured: Measured,
    ) -> Result<String, Box<dyn Error + Send + Sync>> {
        const HEIGHT: u32 = 260;
        const RISE: RGBColor = RGBColor(0x2f, 0x6f, 0xb5);
        const FALL: RGBColor = RGBColor(0xd9, 0x7a, 0x2b);
        let mut levels = vec![before];
        for step in steps {
            let at = levels.last().copied().unwrap_or(before);
            levels.push(at + step);
        }
        let most = levels.iter().copied().fold(f64::MIN, f64::max);
        let least = levels.iter().copied().fold(f64::MAX, f64::min);
        let span = if most > least {
            most - least
        } else {
            most.abs().max(1.0)
        };
        // the steps are what is told: where they are small beside the number, its foot is cut off
        let low = if least >= 0.0 && least < span * 3.0 {
            0.0
        } else {
            least - span * 0.3
        };
        let high = most + span * 0.1;
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
            let (left, top, bottom) = (10, 24, 46);
            let inner = (
                i32::try_from(WIDTH)? - 2 * left,
                i32::try_from(HEIGHT)? - top - bottom,
            );
            let bars = steps.len() + 2;
            let step = f64::from(inner.0) / bars as f64;
            let x = |place: usize| left + whole(step * (place as f64 + 0.5));
            let y = |value: f64| {
                top + inner.1 - whole((value - low) / (high - low) * f64::from(inner.1))
            };
            let half = whole(step * 0.32).max(2);
            let draw =
                |place: usize, from: f64, to: f64, color: RGBColor, name: &str, value: &str| {
                    let (upper, lower) =
                        (y(from.max(to)), y(from.min(to)).max(y(from.max(to)) + 1));
                    area.draw(&Rectangle::new(
                        [(x(place) - half, upper), (x(place) + half, lower)],
                        color.filled(),
                    ))?;
                    let style = self.text(INK, HPos::Center, VPos::Bottom);
                    area.draw(&Text::new(value.to_owned(), (x(place), upper - 4), style))?;
                    for (line, part) in folded(name, whole(step)).into_iter().enumerate() {
                        let style = self.text(QUIET, HPos::Center, VPos::Top);
                        let at = (
                            x(place),
                            top + inner.1 + 8 + 16 * i32::try_from(line).unwrap_or(0),
                        );
                        area.draw(&Text::new(part, at, style))?;
                    }
                    Ok::<_, Box<dyn Error + Send + Sync>>(())
                };
            let told = |value: f64| short(Some(value), measured, self.language);
            draw(0, low, before, COMPARED, ends[0], &told(before))?;
            for (place, change) in steps.iter().enumerate() {
                let color = if *change < 0.0 { FALL } else { RISE };
                let value = match measured.unit {
                    // percentage points, whose name is wider than a bar
                    Unit::Ratio => format!("{:+.1}", change * 100.0),
                    _ => super::language::signed(*change, measured, self.language),
                };
                let name = labels.get(place).map_or("", String::as_str);
                draw(
                    place + 1,
                    levels[place],
                    levels[place + 1],
                    color,
                    name,
                    &value,
                )?;
            }
            draw(bars - 1, low, after, ACCENT, ends[1], &told(after))?;
            area.present()?;
        }
        Ok(svg)
    }
}

fn path<'a>(
    area: &Area<'a>,
    values: &[Option<f64>],
    color: RGBColor,
    x: impl Fn(usize) -> i32,
    y: impl Fn(f64) -> i32,
) -> Drawn<'a> {
    let mut run: Vec<(i32, i32)> = Vec::new();
    for place in 0..=values.len() {
        if let Some(value) = values.get(place).copied().flatten() {
            run.push((x(place), y(value)));
            continue;
        }
        if let [only] = run[..] {
            area.draw(&Circle::new(only, 3, color.filled()))?;
        } else if !run.is_empty() {
            area.draw(&PathElement::new(run.clone(), color.stroke_width(2)))?;
        }
        run.clear();
    }
    if let Some((place, value)) = last(values) {
        area.draw(&Circle::new((x(place), y(value)), 3, color.filled()))?;
    }
    Ok(())
}

fn last(values: &[Option<f64>]) -> Option<(usize, f64)> {
    let value = values.last().copied().flatten()?;
    Some((values.len() - 1, value))
}

/// The next round number: 1, 2, 2.5, 4, 5, 8 or 10 times a power of ten.
fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 2.5, 4.0, 5.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= most);
    step.unwrap_or(10.0) * power
}

#[allow(clippy::cast_possible_truncation, reason = "places within a picture")]
fn whole(value: f64) -> i32 {
    value.round() as i32
}

/// About how wide a text is: a Chinese letter is as wide as it is high.
fn width(text: &str) -> i32 {
    let is_narrow = |letter: char| letter.is_ascii() || letter == '·';
    let letters = text
        .chars()
        .map(|letter| if is_narrow(letter) { 0.56 } else { 1.0 });
    whole(letters.sum::<f64>() * TEXT)
}

/// The beginning of a name that is too long for its place.
fn fitting(text: &str) -> String {
    if width(text) <= 170 {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        if width(&short) > 150 {
            break;
        }
        short.push(letter);
    }
    short + "…"
}

/// A name in two lines at most; words of letters are not broken where they fit a line.
fn folded(name: &str, room: i32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(name) {
        let line = lines.last().map_or(0, |line| width(line));
        if line > 0 && line + width(word.trim_end()) > room {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    let is_cut = lines.len() > 2;
    lines.truncate(2);
    for line in &mut lines {
        while width(line.trim_end()) > room && line.chars().count() > 1 {
            line.pop();
        }
        *line = line.trim_end().to_owned();
    }
    if let Some(line) = lines.last_mut().filter(|_| is_cut) {
        line.pop();
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    lines
}

/// Where a line may be broken: after blanks, and beside every letter that is not Latin.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut from = 0;
    let mut before: Option<char> = None;
    for (place, letter) in name.char_indices() {
        let breaks =
            before.is_some_and(|before| before == ' ' || !before.is_ascii() || !letter.is_ascii());
        if breaks && place > from {
            words.push(&name[from..place]);
            from = place;
        }
        before = Some(letter);
    }
    words.push(&name[from..]);
    words
}

#[cfg(test)]
mod tests {

    use super::*;

    fn pen() -> Pen {
        Pen {
            font: "sans-serif".to_owned(),
            language: Language::Zh,
        }
    }

    #[test]
    fn the_axis_ends_on_a_round_number_above_all_values() {
        for (most, expected) in [
            (0.0, 1.0),
            (0.34, 0.4),
            (1.0, 1.0),
            (83.0, 100.0),
            (2_100.0, 2_500.0),
        ] {
            assert!((nice(most) - expected).abs() < expected * 1e-9, "{most}");
        }
    }

    #[test]
    fn a_gap_in_the_values_is_a_gap_in_the_line() {
        let labels: Vec<String> = (1..=5).map(|month| month.to_string()).collect();
        let values = [Some(1.0), Some(2.0), None, Some(3.0), Some(4.0)];
        let series = Series {
            name: "now",
            values: &values,
        };
        let measured = Measured::plain(Unit::Count);
        let svg = pen()
            .over_time(&labels, &series, None, measured, Shape::Line)
            .unwrap();
        let lines = svg.matches("<polyline").count();
        // four rules and the zero, the mark of the name, and two pieces
        assert_eq!(lines, 5 + 1 + 2, "{svg}");
    }

    #[test]
    fn names_are_folded_between_words() {
        let cases: [(&str, i32, &[&str]); 4] = [
            ("a year ago", 45, &["a year", "ago"]),
            ("设计院推荐", 40, &["设计院", "推荐"]),
            ("华东 · 阀门 · 老客户介绍", 45, &["华东 ·", "阀门…"]),
            ("the rest", 80, &["the rest"]),
        ];
        for (name, room, expected) in cases {
            assert_eq!(folded(name, room), expected, "{name}");
        }
    }

    #[test]
    fn what_is_written_is_escaped() {
        let labels = vec!["<A & B>".to_owned()];
        let values = [Some(1.0)];
        let series = Series {
            name: "n",
            values: &values,
        };
        let measured = Measured::plain(Unit::Count);
        let svg = pen().bars(&labels, &series, None, measured, None).unwrap();
        assert!(svg.contains("&lt;A &amp; B&gt;"), "{svg}");
    }
}
