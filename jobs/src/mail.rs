//! A mail as it leaves: what it says, the pictures in its text and the files beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a mail holds, without who sends it and who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    /// The text as HTML, for mail programs: tables and inline styles, no scripts, no SVG.
    pub html: String,
    /// The same as plain text, for those who read no HTML.
    pub text: String,
    /// Pictures that the HTML names by `cid:ID`.
    pub pictures: Vec<Picture>,
    /// Files beside the text.
    pub files: Vec<File>,
}

/// A text as HTML.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

impl Content {
    /// The HTML as a page that stands alone, its pictures in it.
    pub fn page(&self) -> String {
        self.pictures
            .iter()
            .fold(self.html.clone(), |html, picture| {
                let data = format!("data:image/png;base64,{}", STANDARD.encode(&picture.png));
                html.replace(&format!("cid:{}", picture.id), &data)
            })
    }
}

/// What stands below a mail: why it came, and where that is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foot {
    /// A sentence or two.
    pub text: String,
    /// A link, by what it is called and where it leads.
    pub link: Option<(String, String)>,
}

/// A picture in the text of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What the text calls it.
    pub id: String,
    /// Its bytes.
    pub png: Vec<u8>,
}

/// A file beside a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// With its extension.
    pub name: String,
    /// Such as `application/pdf`.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
