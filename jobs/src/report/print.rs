//! A document as pages (typst): PDF, and its charts as pictures for mails.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use fontdb::Source as FontFile;
use typst::diag::{FileError, FileResult, SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook, FontInfo};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};
use typst_kit::fonts::{FontPath, FontStore};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;
use typst_render::RenderOptions;

use super::MonthlyReportError;

/// A Chinese letter that every font for Chinese has.
const LETTER: char = '客';
/// Families with Chinese and Latin letters of one design, the better first.
const FAMILIES: [&str; 10] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "SimHei",
];
/// Renders that are kept in typst's memory between two documents.
const KEPT: usize = 2;

/// The fonts of this machine.
pub struct Fonts {
    store: FontStore,
    /// The family that reports are set in.
    pub family: String,
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Fonts")
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

static FONTS: LazyLock<Option<Arc<Fonts>>> = LazyLock::new(|| Fonts::find().map(Arc::new));

impl Fonts {
    /// The fonts of this machine, found once.
    ///
    /// # Errors
    ///
    /// When none of them has Chinese letters.
    pub fn system() -> Result<Arc<Self>, MonthlyReportError> {
        FONTS.clone().ok_or(MonthlyReportError::Font)
    }

    /// The family to write in.
    pub fn family(&self) -> &str {
        &self.family
    }

    fn find() -> Option<Self> {
        let mut database = fontdb::Database::new();
        database.load_system_fonts();
        let family = family_of(&database)?;
        let mut store = FontStore::new();
        for face in database.faces() {
            let names = || face.families.iter().map(|(name, _)| name);
            // A font for Chinese comes in the forms of several countries, and reading what letters each
            // has takes longest: one of them is enough. Other fonts have the letters that it lacks.
            let is_chosen = names().any(|name| *name == family);
            if !is_chosen && names().any(|name| name.contains("CJK")) {
                continue;
            }
            let (FontFile::File(path) | FontFile::SharedFile(path, _)) = &face.source else {
                continue;
            };
            let info = database.with_face_data(face.id, FontInfo::new).flatten();
            if let Some(info) = info {
                let path = path.clone();
                let index = face.index;
                store.push((FontPath { path, index }, info));
            }
        }
        Some(Self { store, family })
    }
}

/// The family to write in: the best of those that are known, else any with Chinese letters.
fn family_of(database: &fontdb::Database) -> Option<String> {
    let is_there = |wanted: &&str| {
        let mut faces = database.faces();
        faces.any(|face| face.families.iter().any(|(name, _)| name == wanted))
    };
    let known = FAMILIES.into_iter().find(is_there).map(str::to_owned);
    known.or_else(|| {
        let has_letter = |face: &&fontdb::FaceInfo| {
            let info = database.with_face_data(face.id, FontInfo::new).flatten();
            info.is_some_and(|info| info.coverage.contains(u32::from(LETTER)))
        };
        let face = database.faces().find(has_letter)?;
        Some(face.families.first()?.0.clone())
    })
}

/// What is set: a template and the files that it reads.
pub(super) struct Paper {
    fonts: Arc<Fonts>,
    library: LazyHash<Library>,
    main: FileId,
    files: HashMap<FileId, Bytes>,
}

fn file(path: &str) -> Option<FileId> {
    let path = VirtualPath::new(path).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl Paper {
    /// A template with files by their names.
    pub(super) fn new(
        fonts: Arc<Fonts>,
        template: &str,
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<Self, MonthlyReportError> {
        let id =
            |path: &str| file(path).ok_or_else(|| MonthlyReportError::Template(path.to_owned()));
        let main = id("/main.typ")?;
        let mut all = HashMap::from([(main, Bytes::new(template.as_bytes().to_vec()))]);
        for (name, bytes) in files {
            all.insert(id(&format!("/{name}"))?, Bytes::new(bytes));
        }
        Ok(Self {
            fonts,
            library: LazyHash::new(Library::default()),
            main,
            files: all,
        })
    }

    fn set(&self) -> Result<PagedDocument, MonthlyReportError> {
        let Warned { output, .. } = typst::compile::<PagedDocument>(self);
        let document = output.map_err(|errors| told(&errors))?;
        typst::comemo::evict(KEPT);
        Ok(document)
    }

    /// As a tagged PDF with an outline; the same text gives the same bytes.
    pub(super) fn pdf(&self, identity: &str) -> Result<Vec<u8>, MonthlyReportError> {
        let document = self.set()?;
        let options = PdfOptions {
            ident: Smart::Custom(identity.to_owned()),
            creator: Smart::Custom(Some("Millrace".to_owned())),
            timestamp: None,
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|errors| told(&errors))
    }

    /// Each page as a PNG.
    pub(super) fn pictures(&self) -> Result<Vec<Vec<u8>>, MonthlyReportError> {
        let document = self.set()?;
        let pages = document.pages().iter().map(|page| {
            let picture = typst_render::render(page, &RenderOptions::default());
            picture
                .encode_png()
                .map_err(|error| MonthlyReportError::Chart(Box::new(error)))
        });
        pages.collect()
    }
}

fn told(errors: &[SourceDiagnostic]) -> MonthlyReportError {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    MonthlyReportError::Template(messages.join("; "))
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.store.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let bytes = self.file(id)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| FileError::InvalidUtf8)?;
        Ok(Source::new(id, text.to_owned()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.get(&id).cloned();
        found.ok_or_else(|| FileError::NotFound(id.vpath().get_with_slash().into()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.store.font(index)
    }

    /// No document has a date of its own: it would differ each time.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
