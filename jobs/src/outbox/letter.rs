//! A mail as bytes: text and HTML with its pictures, and files beside them.

use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use crate::mail::Content;

/// Whom a mail goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipient<'a> {
    pub(super) name: &'a str,
    pub(super) address: &'a str,
}

/// A mail that can be handed over.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

/// Builds it; what is wrong where it cannot be.
pub(super) fn build(
    content: &Content,
    from: &str,
    to: Recipient<'_>,
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<Letter, String> {
    let from: Mailbox = from
        .parse()
        .map_err(|error| format!("mail.from is {from:?}: {error}"))?;
    let address = to
        .address
        .trim()
        .parse()
        .map_err(|error| format!("{:?} is no mail address: {error}", to.address))?;
    let to = Mailbox::new(Some(one_line(to.name)), address);
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    );
    let message = lettre::Message::builder()
        .from(from)
        .to(to)
        .subject(one_line(&content.subject))
        .message_id(Some(message_id.to_owned()))
        .date(now.into())
        .raw_header(automatic)
        .multipart(parts(content)?)
        .map_err(|error| error.to_string())?;
    Ok(Letter {
        envelope: message.envelope().clone(),
        bytes: message.formatted(),
    })
}

/// Without what would begin another header.
fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).collect::<Vec<_>>().join(" ")
}

fn parts(content: &Content) -> Result<MultiPart, String> {
    let plain = SinglePart::plain(content.text.clone());
    let html = SinglePart::html(content.html.clone());
    let png = ContentType::parse("image/png").map_err(|error| error.to_string())?;
    let body = MultiPart::alternative().singlepart(plain);
    let body = if content.pictures.is_empty() {
        body.singlepart(html)
    } else {
        let mut related = MultiPart::related().singlepart(html);
        for picture in &content.pictures {
            let inline =
                Attachment::new_inline_with_name(picture.id.clone(), format!("{}.png", picture.id));
            related = related.singlepart(inline.body(picture.png.clone(), png.clone()));
        }
        body.multipart(related)
    };
    if content.files.is_empty() {
        return Ok(body);
    }
    let mut mixed = MultiPart::mixed().multipart(body);
    for file in &content.files {
        let kind = ContentType::parse(&file.media_type)
            .map_err(|_| format!("{:?} is no media type", file.media_type))?;
        let attached = Attachment::new(one_line(&file.name)).body(file.bytes.clone(), kind);
        mixed = mixed.singlepart(attached);
    }
    Ok(mixed)
}
