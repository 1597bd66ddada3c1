//! Encodings: which one a file has, and reading it as UTF-8.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, CoderResult, Decoder, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use super::super::unreadable;
use super::is_utf8;
use crate::error::IngestError;

const CHUNK: usize = 256 << 10;
/// Enough to tell an encoding.
const JUDGED_BYTES: usize = 16 << 20;

/// The encoding of a text file by its byte order mark, else by all its bytes; `None` where it is
/// no text.
pub(in crate::reader) fn detect_encoding(
    path: &Path,
    head: &[u8],
) -> Result<Option<&'static Encoding>, IngestError> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(Some(encoding));
    }
    if head.contains(&0) {
        return Ok(utf16_without_mark(head));
    }
    let mut file = File::open(path).map_err(unreadable(path))?;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut utf8 = Utf8Check::default();
    let mut chunk = vec![0; CHUNK];
    let mut judged = 0;
    let mut all = Vec::new();
    loop {
        let read = file.read(&mut chunk).map_err(unreadable(path))?;
        if read == 0 {
            break;
        }
        utf8.feed(&chunk[..read]);
        if judged < JUDGED_BYTES {
            detector.feed(&chunk[..read], false);
            if all.len() < CHUNK {
                all.extend_from_slice(&chunk[..read]);
            }
            judged += read;
        }
    }
    utf8.finish();
    if utf8.is_utf8() {
        return Ok(Some(UTF_8));
    }
    detector.feed(&[], true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    Ok(Some(chinese_first(guess, &all)))
}

/// With little text a guess is weak: what reads as common Chinese without an error is Chinese.
fn chinese_first(guess: &'static Encoding, sample: &[u8]) -> &'static Encoding {
    if guess == GBK || guess == GB18030 {
        return GB18030;
    }
    if guess == BIG5 {
        return BIG5;
    }
    let high = sample.iter().filter(|byte| **byte >= 0x80).count();
    let (text, _, malformed) = GB18030.decode(sample);
    let common = text.chars().filter(|c| is_common_chinese(*c)).count();
    let western = [
        "windows-1252",
        "windows-1250",
        "windows-1254",
        "windows-1257",
        "windows-1258",
        "ISO-8859-2",
        "ISO-8859-4",
        "ISO-8859-15",
        "Shift_JIS",
    ];
    if high >= 64 && !western.contains(&guess.name()) {
        return guess;
    }
    // Each of them is two bytes of which the first, and mostly the second, is high.
    if !malformed && high > 0 && common * 5 >= high * 2 {
        GB18030
    } else {
        guess
    }
}

/// The characters of GB2312's first level lie in the basic block; Western text read as GBK gives
/// rare ones, and single letters between ASCII ones.
fn is_common_chinese(c: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, malformed) = GBK.encode(c.encode_utf8(&mut buffer));
    !malformed && matches!(*bytes, [0xb0..=0xd7 | 0xa1..=0xa3, 0xa1..=0xfe])
}

/// Text with zero bytes is UTF-16 or none.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| {
        head.iter()
            .skip(parity)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let encoding = if odd > even * 4 {
        UTF_16LE
    } else if even > odd * 4 {
        UTF_16BE
    } else {
        return None;
    };
    let even_length = head.len() & !1;
    let (text, malformed) = encoding.decode_without_bom_handling(&head[..even_length]);
    let unprintable = text
        .chars()
        .filter(|c| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || *c == '\u{fffd}')
        .count();
    // The last character may be cut in two.
    let cut = usize::from(malformed);
    (unprintable <= cut && text.contains(['\n', '\r', ',', '\t', ';'])).then_some(encoding)
}

/// Counts what is valid UTF-8 beyond ASCII and what is not, over chunks.
#[derive(Default)]
struct Utf8Check {
    carried: Vec<u8>,
    valid: usize,
    invalid: usize,
}

impl Utf8Check {
    fn feed(&mut self, chunk: &[u8]) {
        if self.carried.is_empty() && chunk.is_ascii() {
            return;
        }
        self.carried.extend_from_slice(chunk);
        let mut rest = self.carried.as_slice();
        let kept = loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.valid += beyond_ascii(text.as_bytes());
                    break Vec::new();
                }
                Err(error) => {
                    self.valid += beyond_ascii(&rest[..error.valid_up_to()]);
                    match error.error_len() {
                        None => break rest[error.valid_up_to()..].to_vec(),
                        Some(length) => {
                            self.invalid += 1;
                            rest = &rest[error.valid_up_to() + length..];
                        }
                    }
                }
            }
        };
        self.carried = kept;
    }

    fn finish(&mut self) {
        self.invalid += usize::from(!self.carried.is_empty());
    }

    /// All of it is, or all but a few broken characters: those are shown where they are used.
    fn is_utf8(&self) -> bool {
        self.invalid == 0 || self.valid > 20 * self.invalid
    }
}

/// Characters of two bytes and more.
fn beyond_ascii(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte >= 0xc0).count()
}

/// The beginning of a file as text, a character cut in two at its end left out.
pub(in crate::reader) fn decode_sample(encoding: &'static Encoding, head: &[u8]) -> String {
    let mut decoder = encoding.new_decoder();
    let capacity = decoder
        .max_utf8_buffer_length(head.len())
        .unwrap_or(head.len() * 3 + 16);
    let mut text = String::with_capacity(capacity);
    let _ = decoder.decode_to_string(head, &mut text, false);
    text
}

/// Reads a file as UTF-8 without a byte order mark, its lines ended by `\n`. What cannot be decoded becomes U+FFFD, and is
/// reported where a cell with it is used.
pub(super) struct Decoded<R> {
    inner: R,
    /// `None` once UTF-8 is known to need no decoding.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    raw_start: usize,
    raw_end: usize,
    finished: bool,
    at_start: bool,
    /// The byte before was `\r`, which stands as `\n` already.
    after_return: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = (!is_utf8(encoding)).then(|| encoding.new_decoder());
        let raw = vec![0; if decoder.is_some() { CHUNK } else { 0 }];
        Self {
            inner,
            decoder,
            raw,
            raw_start: 0,
            raw_end: 0,
            finished: false,
            at_start: true,
            after_return: false,
        }
    }

    /// UTF-8, lines ended as in the file.
    fn read_decoded(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            let mut read = self.inner.read(buffer)?;
            if std::mem::take(&mut self.at_start) && read > 0 {
                while read < 3 && read < buffer.len() {
                    let more = self.inner.read(&mut buffer[read..])?;
                    if more == 0 {
                        break;
                    }
                    read += more;
                }
                if buffer[..read].starts_with(b"\xef\xbb\xbf") {
                    buffer.copy_within(3..read, 0);
                    read -= 3;
                    if read == 0 {
                        return self.inner.read(buffer);
                    }
                }
            }
            return Ok(read);
        };
        if buffer.len() < 16 {
            return Err(io::Error::other("the buffer is too small to decode into"));
        }
        loop {
            if self.raw_start == self.raw_end && !self.finished {
                self.raw_start = 0;
                self.raw_end = self.inner.read(&mut self.raw)?;
                self.finished = self.raw_end == 0;
            }
            let source = &self.raw[self.raw_start..self.raw_end];
            let (result, read, written, _) = decoder.decode_to_utf8(source, buffer, self.finished);
            self.raw_start += read;
            if written > 0 {
                return Ok(written);
            }
            if self.finished && result == CoderResult::InputEmpty {
                // A decoder that has seen the end must not be asked again; the file gives nothing
                // more either.
                self.decoder = None;
                self.at_start = false;
                return Ok(0);
            }
        }
    }

    /// Makes `\r\n` and `\r` one `\n`, so that lines are counted as editors count them.
    fn unify_lines(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_return && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for index in 0..bytes.len() {
            let byte = bytes[index];
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            if byte == b'\n' && after_return {
                continue;
            }
            bytes[kept] = if byte == b'\r' { b'\n' } else { byte };
            kept += 1;
        }
        kept
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.read_decoded(buffer)?;
            let kept = self.unify_lines(&mut buffer[..read]);
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: &[u8]) -> &'static str {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.csv");
        std::fs::write(&path, bytes).unwrap();
        detect_encoding(&path, bytes)
            .unwrap()
            .map_or("none", Encoding::name)
    }

    #[test]
    fn tells_encodings_of_short_files() {
        let text = "客户,金额\n上海阀门有限公司,1200\n苏州管件厂,300\n";
        assert_eq!(judge(text.as_bytes()), "UTF-8");
        assert_eq!(judge(&GBK.encode(text).0), "gb18030");
        assert_eq!(judge(&GBK.encode("姓名,地区\n张三,华东\n").0), "gb18030");
        let traditional = "客戶,金額,備註\n臺北閥門股份有限公司,1200,已經確認訂單並且開立發票\n";
        assert_eq!(judge(&BIG5.encode(traditional).0), "Big5");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(judge(&wide), "UTF-16LE");
        assert_eq!(
            judge(b"nombre,gasto\nDescripci\xf3n,12\nAdministraci\xf3n,4\n"),
            "windows-1252"
        );
        assert_eq!(judge(b"\0\x01\x02\x03\0\0\x04"), "none");
    }

    #[test]
    fn reads_in_pieces() {
        let text = "阀门,12\n".repeat(1000);
        let encoded = GB18030.encode(&text).0.into_owned();
        let mut decoded = Decoded::new(&encoded[..], GB18030);
        let mut read = Vec::new();
        let mut buffer = [0; 17];
        loop {
            let count = decoded.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            read.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(String::from_utf8(read).unwrap(), text);
    }
}
