//! The mail of a report: the conclusions, the key figures and two charts in the text, PDF and workbook
//! beside it. Mail programs know tables and inline styles, no scripts and no SVG.

use super::document::{Cell, Document};
use super::language::Language;
use crate::mail::{Content, File, Foot, Picture, escaped};

const INK: &str = "#1f2328";
const QUIET: &str = "#656d76";
const RULE: &str = "#d8dee4";
const FONT: &str = "-apple-system,BlinkMacSystemFont,'Segoe UI','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif";

/// What is told beside the numbers.
pub(super) struct Envelope<'a> {
    pub(super) language: Language,
    /// Where the app is reached; nothing where it has no address.
    pub(super) link: Option<&'a str>,
    /// Pictures by the names of their charts, with what they show.
    pub(super) pictures: Vec<(String, String, String, Vec<u8>)>,
    pub(super) files: Vec<File>,
    pub(super) foot: Option<&'a Foot>,
}

/// The columns of the key figures that are in the mail, by their place in the table, for a phone is
/// narrow: name, value, and how it moved against the month and the year before.
const COLUMNS: [usize; 4] = [0, 1, 3, 5];

/// The mail.
pub(super) fn write(document: &Document, envelope: Envelope<'_>) -> Content {
    let language = envelope.language;
    let names: Vec<String> = envelope
        .files
        .iter()
        .map(|file| file.name.clone())
        .collect();
    let html = html(document, &envelope, &names);
    let text = text(document, &envelope, &names);
    let pictures = envelope
        .pictures
        .into_iter()
        .map(|(id, _, _, png)| Picture { id, png });
    Content {
        subject: match language {
            Language::Zh => format!("{} {}", document.title, document.subtitle),
            Language::En => format!("{}, {}", document.title, document.subtitle),
        },
        html,
        text,
        pictures: pictures.collect(),
        files: envelope.files,
    }
}

fn color(tone: &str) -> &'static str {
    match tone {
        "good" => "#237804",
        "bad" => "#a8071a",
        _ => INK,
    }
}

fn html(document: &Document, envelope: &Envelope<'_>, files: &[String]) -> String {
    let language = envelope.language;
    let mut page = String::new();
    let tag = language.of("zh-CN", "en");
    page.push_str(&format!(
        "<!DOCTYPE html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title></head>\
         <body style=\"margin:0;padding:0;background:#f6f8fa;color:{INK};font-family:{FONT};font-size:15px;line-height:1.55\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td align=\"center\" style=\"padding:16px 8px\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:680px;background:#ffffff;border:1px solid {RULE};border-radius:6px\">\
         <tr><td style=\"padding:20px 18px 8px\">\
         <h1 style=\"margin:0;font-size:21px;line-height:1.3\">{title}</h1>\
         <p style=\"margin:2px 0 0;color:{QUIET};font-size:15px\">{subtitle}</p>\
         <p style=\"margin:6px 0 0;color:{QUIET};font-size:13px\">{facts}</p></td></tr>",
        title = escaped(&document.title),
        subtitle = escaped(&document.subtitle),
        facts = escaped(&facts(document)),
    ));
    page.push_str(&format!(
        "<tr><td style=\"padding:4px 18px\"><h2 style=\"margin:12px 0 4px;font-size:16px\">{}</h2>",
        escaped(&document.conclusions_title)
    ));
    for own in &document.conclusions {
        page.push_str(&format!(
            "<p style=\"margin:0 0 8px\"><strong style=\"color:{}\">{}</strong>&ensp;{}</p>",
            color(own.tone),
            escaped(&own.head),
            escaped(&own.text)
        ));
    }
    page.push_str("</td></tr>");
    page.push_str(&figures(document));
    for (id, title, told, _) in &envelope.pictures {
        page.push_str(&format!(
            "<tr><td style=\"padding:12px 18px 4px\"><h2 style=\"margin:0 0 4px;font-size:15px\">{}</h2>\
             <img src=\"cid:{id}\" alt=\"{}\" width=\"642\" style=\"display:block;width:100%;max-width:642px;height:auto;border:0\"></td></tr>",
            escaped(title),
            escaped(told)
        ));
    }
    page.push_str(&format!(
        "<tr><td style=\"padding:12px 18px 20px;color:{QUIET};font-size:13px\">"
    ));
    if !files.is_empty() {
        let said = language.of(
            "完整报告与数据见附件",
            "The whole report and its data are attached",
        );
        page.push_str(&format!(
            "<p style=\"margin:0 0 8px\">{said}: {}</p>",
            escaped(&language.list(files))
        ));
    }
    if let Some(link) = envelope.link {
        let said = language.of("在系统中打开", "Open in the app");
        page.push_str(&format!(
            "<p style=\"margin:0\"><a href=\"{}\" style=\"display:inline-block;padding:9px 18px;background:#1677ff;color:#ffffff;text-decoration:none;border-radius:6px;font-size:15px\">{said}</a></p>",
            escaped(link)
        ));
    }
    page.push_str("</td></tr></table>");
    if let Some(foot) = envelope.foot {
        page.push_str(&below(foot));
    }
    page.push_str("</td></tr></table></body></html>\n");
    page
}

fn below(foot: &Foot) -> String {
    let link = foot.link.as_ref().map_or(String::new(), |(name, address)| {
        format!(
            " <a href=\"{}\" style=\"color:{QUIET}\">{}</a>",
            escaped(address),
            escaped(name)
        )
    });
    format!(
        "<p style=\"margin:0 auto;max-width:680px;padding:12px 18px;text-align:left;color:{QUIET};font-size:12px\">{}{link}</p>",
        escaped(&foot.text)
    )
}

fn facts(document: &Document) -> String {
    let facts = document
        .facts
        .iter()
        .map(|fact| format!("{} {}", fact.name, fact.value));
    facts.collect::<Vec<_>>().join(" · ")
}

fn figures(document: &Document) -> String {
    if document.figures.rows.is_empty() {
        return String::new();
    }
    let align = |place: usize| if place == 0 { "left" } else { "right" };
    let mut table = format!(
        "<tr><td style=\"padding:4px 18px\"><h2 style=\"margin:12px 0 4px;font-size:16px\">{}</h2>\
         <table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;font-size:14px\"><tr>",
        escaped(&document.figures.title)
    );
    for place in &COLUMNS {
        table.push_str(&format!(
            "<th align=\"{}\" style=\"padding:5px 4px;border-bottom:1px solid {INK};color:{QUIET};font-weight:normal\">{}</th>",
            align(*place),
            escaped(&document.figures.columns[*place].name)
        ));
    }
    table.push_str("</tr>");
    for row in &document.figures.rows {
        table.push_str("<tr>");
        for place in &COLUMNS {
            let cell = row.get(*place).cloned().unwrap_or_default();
            table.push_str(&format!(
                "<td align=\"{}\" style=\"padding:5px 4px;border-bottom:1px solid {RULE};{}\">{}</td>",
                align(*place),
                style(&cell, *place),
                escaped(&cell.text)
            ));
        }
        table.push_str("</tr>");
    }
    table.push_str("</table></td></tr>");
    table
}

fn style(cell: &Cell, place: usize) -> String {
    let own = if cell.is_faint && cell.tone.is_empty() {
        QUIET
    } else {
        color(cell.tone)
    };
    let weight = if cell.is_strong && place > 0 {
        ";font-weight:bold"
    } else {
        ""
    };
    let fold = if place > 0 { ";white-space:nowrap" } else { "" };
    format!("color:{own}{weight}{fold}")
}

fn text(document: &Document, envelope: &Envelope<'_>, files: &[String]) -> String {
    let language = envelope.language;
    let mut text = format!(
        "{}\n{}\n{}\n\n",
        document.title,
        document.subtitle,
        facts(document)
    );
    for own in &document.conclusions {
        text.push_str(&format!("[{}] {}\n", own.head, own.text));
    }
    text.push('\n');
    for row in &document.figures.rows {
        let cells = COLUMNS
            .iter()
            .filter_map(|place| row.get(*place))
            .map(|cell| cell.text.clone());
        text.push_str(&cells.collect::<Vec<_>>().join("  "));
        text.push('\n');
    }
    if !files.is_empty() {
        text.push_str(&format!(
            "\n{}: {}\n",
            language.of("附件", "Attached"),
            language.list(files)
        ));
    }
    if let Some(link) = envelope.link {
        text.push_str(&format!("\n{link}\n"));
    }
    if let Some(foot) = envelope.foot {
        text.push_str(&format!("\n--\n{}\n", foot.text));
        if let Some((name, address)) = &foot.link {
            text.push_str(&format!("{name}: {address}\n"));
        }
    }
    text
}
