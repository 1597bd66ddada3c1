//! What all mails have in common: the frame, tables, and the same as plain text.

use std::fmt::Write as _;

use millrace_jobs::mail::{Content, File, Foot, escaped};

use super::Page;
use crate::export::Language;

const FONT: &str =
    "-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',Arial,sans-serif";
const INK: &str = "#1f2937";
const QUIET: &str = "#6b7280";
const LINE: &str = "#e5e7eb";
const BLUE: &str = "#1677ff";

/// A mail in the making: the same in both forms.
pub(super) struct Letter {
    html: String,
    text: String,
}

/// A number that stands out.
pub(super) struct Tile {
    pub(super) name: String,
    pub(super) value: String,
    /// How it changed, and its colour.
    pub(super) change: Option<(String, &'static str)>,
    /// In small print.
    pub(super) note: String,
}

/// A row with a bar.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) change: Option<(String, &'static str)>,
    /// From 0 to 1.
    pub(super) share: f64,
}

/// A point of a line over time.
pub(super) struct Point {
    pub(super) name: String,
    pub(super) value: String,
    /// From 0 to 1.
    pub(super) share: f64,
}

/// A table of records; the first column says which it is.
pub(super) struct Rows {
    pub(super) headers: Vec<String>,
    /// Cells, and where the record is.
    pub(super) rows: Vec<(Vec<String>, Option<String>)>,
    /// Whether a column stands to the right.
    pub(super) right: Vec<bool>,
}

impl Letter {
    pub(super) fn new() -> Self {
        Self {
            html: String::new(),
            text: String::new(),
        }
    }

    /// A heading of a part.
    pub(super) fn heading(&mut self, text: &str) {
        let _ = write!(
            self.html,
            "<h2 style=\"margin:24px 0 8px;font-size:15px;font-weight:600;color:{INK}\">{}</h2>",
            escaped(text)
        );
        let _ = write!(self.text, "\n{text}\n");
    }

    /// A line of text.
    pub(super) fn line(&mut self, text: &str) {
        let _ = write!(
            self.html,
            "<p style=\"margin:4px 0;font-size:14px;line-height:1.6;color:{INK}\">{}</p>",
            escaped(text)
        );
        let _ = writeln!(self.text, "{text}");
    }

    /// A line in small print.
    pub(super) fn note(&mut self, text: &str) {
        let _ = write!(
            self.html,
            "<p style=\"margin:4px 0;font-size:12px;line-height:1.6;color:{QUIET}\">{}</p>",
            escaped(text)
        );
        let _ = writeln!(self.text, "{text}");
    }

    /// What must not be overlooked.
    pub(super) fn warning(&mut self, text: &str, link: Option<(&str, &str)>) {
        let link_html = link.map_or(String::new(), |(label, address)| {
            format!(
                " <a href=\"{}\" style=\"color:{BLUE};white-space:nowrap\">{}</a>",
                escaped(address),
                escaped(label)
            )
        });
        let _ = write!(
            self.html,
            "<div style=\"margin:12px 0;padding:8px 12px;border-left:3px solid #d97706;\
             background:#fffbeb;font-size:13px;line-height:1.6;color:{INK}\">{}{link_html}</div>",
            escaped(text)
        );
        let _ = writeln!(self.text, "! {text}");
        if let Some((label, address)) = link {
            let _ = writeln!(self.text, "  {label}: {address}");
        }
    }

    /// Numbers that stand out: three beside each other on a desk, two on a phone.
    pub(super) fn tiles(&mut self, tiles: &[Tile]) {
        self.html
            .push_str("<div style=\"margin:12px -4px 0;font-size:0\">");
        for tile in tiles {
            let change = tile
                .change
                .as_ref()
                .map_or(String::new(), |(text, colour)| {
                    format!("<span style=\"color:{colour}\">{}</span> ", escaped(text))
                });
            let _ = write!(
                self.html,
                "<div style=\"display:inline-block;vertical-align:top;width:33.33%;min-width:158px;\
                 box-sizing:border-box;padding:4px\"><div style=\"border:1px solid {LINE};\
                 border-radius:8px;padding:10px 12px;min-height:72px\">\
                 <div style=\"font-size:12px;color:{QUIET}\">{}</div>\
                 <div style=\"font-size:22px;line-height:1.4;font-weight:600;color:{INK};\
                 white-space:nowrap\">{}</div>\
                 <div style=\"font-size:12px;color:{QUIET}\">{change}{}</div></div></div>",
                escaped(&tile.name),
                escaped(&tile.value),
                escaped(&tile.note),
            );
            let change = tile.change.as_ref().map_or("", |(text, _)| text.as_str());
            let text = format!("{}: {} {change} {}", tile.name, tile.value, tile.note);
            let _ = writeln!(self.text, "{}", text.trim_end());
        }
        self.html.push_str("</div>");
    }

    /// A column for each span of time.
    pub(super) fn columns(&mut self, points: &[Point]) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return;
        };
        let _ = write!(
            self.html,
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"border-collapse:collapse;table-layout:fixed;border-bottom:1px solid {LINE}\"><tr>"
        );
        for point in points {
            let height = (point.share.clamp(0.0, 1.0) * 72.0).round().max(1.0);
            let _ = write!(
                self.html,
                "<td title=\"{}: {}\" style=\"height:76px;vertical-align:bottom;padding:0 1px\">\
                 <div style=\"height:{height}px;background:{BLUE};font-size:0;line-height:0;\
                 border-radius:2px 2px 0 0\">&nbsp;</div></td>",
                escaped(&point.name),
                escaped(&point.value)
            );
            let _ = writeln!(self.text, "  {}: {}", point.name, point.value);
        }
        let _ = write!(
            self.html,
            "</tr></table><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" \
             cellspacing=\"0\"><tr><td style=\"font-size:11px;color:{QUIET}\">{} {}</td>\
             <td align=\"right\" style=\"font-size:11px;color:{QUIET}\">{} {}</td></tr></table>",
            escaped(&first.name),
            escaped(&first.value),
            escaped(&last.name),
            escaped(&last.value)
        );
    }

    /// Rows with bars, the longest first.
    pub(super) fn bars(&mut self, bars: &[Bar]) {
        let _ = write!(
            self.html,
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"border-collapse:collapse\">"
        );
        for bar in bars {
            let width = (bar.share.clamp(0.0, 1.0) * 100.0).round();
            let change = bar.change.as_ref().map_or(String::new(), |(text, colour)| {
                format!("<span style=\"color:{colour}\">{}</span>", escaped(text))
            });
            let _ = write!(
                self.html,
                "<tr><td style=\"padding:5px 8px 5px 0;border-bottom:1px solid {LINE};font-size:13px;\
                 color:{INK}\">{}<div style=\"margin-top:3px;height:4px;background:#f3f4f6;font-size:0;\
                 line-height:0\"><div style=\"width:{width}%;height:4px;background:{BLUE}\">&nbsp;</div>\
                 </div></td><td align=\"right\" style=\"padding:5px 0 5px 8px;border-bottom:1px solid \
                 {LINE};font-size:13px;color:{INK};white-space:nowrap\">{}</td><td align=\"right\" \
                 style=\"padding:5px 0 5px 8px;border-bottom:1px solid {LINE};font-size:12px;\
                 white-space:nowrap\">{change}</td></tr>",
                escaped(&bar.name),
                escaped(&bar.value)
            );
            let change = bar.change.as_ref().map_or("", |(text, _)| text.as_str());
            let text = format!("  {}: {} {change}", bar.name, bar.value);
            let _ = writeln!(self.text, "{}", text.trim_end());
        }
        self.html.push_str("</table>");
    }

    /// Records: a table, of which a phone shows the first columns beside each other and the others
    /// below the first.
    pub(super) fn rows(&mut self, rows: &Rows) {
        const ON_A_PHONE: usize = 2;
        let narrow = rows.headers.len() > ON_A_PHONE + 1;
        let hidden = |column: usize| narrow && column > 0 && column + 1 < rows.headers.len();
        let class = |column: usize| {
            if hidden(column) {
                " class=\"wide\""
            } else {
                ""
            }
        };
        let align = |column: usize| {
            if rows.right.get(column).copied().unwrap_or(false) {
                "right"
            } else {
                "left"
            }
        };
        let _ = write!(
            self.html,
            "<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"border-collapse:collapse;margin-top:8px\"><tr>"
        );
        for (column, header) in rows.headers.iter().enumerate() {
            let _ = write!(
                self.html,
                "<th{} align=\"{}\" style=\"padding:6px 8px;border-bottom:2px solid {LINE};\
                 font-size:12px;font-weight:600;color:{QUIET};white-space:nowrap\">{}</th>",
                class(column),
                align(column),
                escaped(header)
            );
        }
        self.html.push_str("</tr>");
        for (cells, link) in &rows.rows {
            self.html.push_str("<tr>");
            for (column, cell) in cells.iter().enumerate() {
                let mut shown = escaped(cell);
                if column == 0 {
                    if let Some(link) = link {
                        shown = format!(
                            "<a href=\"{}\" style=\"color:{BLUE};text-decoration:none\">{shown}</a>",
                            escaped(link)
                        );
                    }
                    let others: Vec<&str> = cells
                        .iter()
                        .enumerate()
                        .filter(|(column, cell)| hidden(*column) && !cell.is_empty())
                        .map(|(_, cell)| cell.as_str())
                        .collect();
                    if !others.is_empty() {
                        let _ = write!(
                            shown,
                            "<div class=\"narrow\" style=\"display:none;mso-hide:all;font-size:12px;\
                             color:{QUIET}\">{}</div>",
                            escaped(&others.join(" · "))
                        );
                    }
                }
                let nowrap = if align(column) == "right" {
                    ";white-space:nowrap"
                } else {
                    ""
                };
                let _ = write!(
                    self.html,
                    "<td{} align=\"{}\" valign=\"top\" style=\"padding:6px 8px;border-bottom:1px solid \
                     {LINE};font-size:13px;line-height:1.5;color:{INK}{nowrap}\">{shown}</td>",
                    class(column),
                    align(column)
                );
            }
            self.html.push_str("</tr>");
            let pairs = rows.headers.iter().zip(cells);
            let pairs: Vec<String> = pairs
                .filter(|(_, cell)| !cell.is_empty())
                .map(|(header, cell)| format!("{header}: {cell}"))
                .collect();
            let _ = writeln!(self.text, "- {}", pairs.join(", "));
            if let Some(link) = link {
                let _ = writeln!(self.text, "  {link}");
            }
        }
        self.html.push_str("</table>");
    }

    /// The button that leads into the app.
    pub(super) fn button(&mut self, label: &str, address: &str) {
        let _ = write!(
            self.html,
            "<p style=\"margin:20px 0 4px\"><a href=\"{}\" style=\"display:inline-block;padding:9px 18px;\
             background:{BLUE};border-radius:6px;color:#ffffff;font-size:14px;text-decoration:none\">{}</a></p>",
            escaped(address),
            escaped(label)
        );
        let _ = writeln!(self.text, "\n{label}: {address}");
    }

    /// The whole mail.
    pub(super) fn finish(
        self,
        page: &Page<'_>,
        title: &str,
        about: &str,
        files: Vec<File>,
    ) -> Content {
        let company = &page.state.company().name;
        let foot = foot(page);
        let leave = foot
            .link
            .as_ref()
            .map_or(String::new(), |(label, address)| {
                format!(
                    " <a href=\"{}\" style=\"color:{QUIET}\">{}</a>",
                    escaped(address),
                    escaped(label)
                )
            });
        let lang = page.language.choose("zh-CN", "en");
        let subject = format!("{title} · {company}");
        let html = format!(
            "<!DOCTYPE html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{subject_html}</title><style>@media (max-width:520px){{.wide{{display:none!important}}\
             .narrow{{display:block!important}}.sheet{{padding:16px!important}}}}</style></head>\
             <body style=\"margin:0;padding:0;background:#f3f4f6;font-family:{FONT}\">\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>\
             <td align=\"center\" style=\"padding:16px 8px\">\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"max-width:720px\"><tr><td class=\"sheet\" style=\"background:#ffffff;\
             border-radius:10px;padding:24px\">\
             <div style=\"font-size:12px;color:{QUIET}\">{company}</div>\
             <h1 style=\"margin:2px 0 2px;font-size:20px;line-height:1.4;color:{INK}\">{title}</h1>\
             <div style=\"font-size:13px;line-height:1.6;color:{QUIET}\">{about}</div>{body}</td></tr>\
             <tr><td style=\"padding:12px 24px;font-size:12px;line-height:1.6;color:{QUIET}\">\
             {foot}{leave}</td></tr></table></td></tr></table></body></html>",
            subject_html = escaped(&subject),
            company = escaped(company),
            title = escaped(title),
            about = escaped(about),
            body = self.html,
            foot = escaped(&foot.text),
        );
        let mut text = format!("{company}\n{title}\n{about}\n\n{}", self.text);
        let _ = write!(text, "\n--\n{}\n", foot.text);
        if let Some((label, address)) = &foot.link {
            let _ = writeln!(text, "{label}: {address}");
        }
        Content {
            subject,
            html,
            text,
            pictures: Vec::new(),
            files,
        }
    }
}

/// Why the mail came, and where subscriptions are managed.
pub(super) fn foot(page: &Page<'_>) -> Foot {
    let name = &page.order.subscription.name;
    let text = match page.language {
        Language::Zh => {
            format!("您收到这封邮件，因为您订阅了“{name}”。内容按您本人的权限生成。")
        }
        Language::En => format!(
            "You get this mail because you are subscribed to \"{name}\". It holds what you yourself may see."
        ),
    };
    let label = page.says("管理订阅", "Manage subscriptions").to_owned();
    Foot {
        text,
        link: page
            .link("/me/subscriptions")
            .map(|address| (label, address)),
    }
}
