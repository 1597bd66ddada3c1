//! The file of rejected rows beside a source.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{BadCell, IngestError, RowName};
use crate::reader::Row;

/// Collects the rows of one file that were left out, with the reasons.
pub(crate) struct Rejects {
    path: PathBuf,
    columns: Vec<String>,
    writer: Option<csv::Writer<BufWriter<File>>>,
    pub(crate) count: u64,
    /// Whether the file is written at all; a dry run only counts.
    write: bool,
}

impl Rejects {
    /// `taken` are the files that this run has written already.
    pub(crate) fn new(source: &Path, columns: &[String], taken: &[PathBuf], write: bool) -> Self {
        let name = source
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let mut path = source.with_file_name(format!("{name}.rejected.csv"));
        let mut copy = 2;
        while taken.contains(&path) {
            path = source.with_file_name(format!("{name}.rejected.{copy}.csv"));
            copy += 1;
        }
        Self {
            path,
            columns: columns.to_vec(),
            writer: None,
            count: 0,
            write,
        }
    }

    /// Notes a row with what is wrong with it.
    pub(crate) fn add(
        &mut self,
        name: &RowName,
        row: &dyn Row,
        cells: &[BadCell],
    ) -> Result<(), IngestError> {
        self.count += 1;
        if !self.write {
            return Ok(());
        }
        let failed = |path: &Path| {
            let file = path.to_owned();
            move |source| IngestError::RejectFile { file, source }
        };
        if self.writer.is_none() {
            let file = File::create(&self.path).map_err(failed(&self.path))?;
            let mut file = BufWriter::new(file);
            // Excel takes a file without the mark for one in the local code page.
            file.write_all("\u{feff}".as_bytes())
                .map_err(failed(&self.path))?;
            let mut writer = csv::Writer::from_writer(file);
            let header = ["row", "reason"]
                .into_iter()
                .chain(self.columns.iter().map(String::as_str));
            writer
                .write_record(header)
                .map_err(|error| failed(&self.path)(error.into()))?;
            self.writer = Some(writer);
        }
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let reasons: Vec<String> = cells
            .iter()
            .map(|cell| match cell.value.as_str() {
                "" => format!("{}: is empty, expected {}", cell.column, cell.expected),
                value => format!("{}: {value:?} is not {}", cell.column, cell.expected),
            })
            .collect();
        let width = self.columns.len();
        let mut record = vec![name.to_string(), reasons.join("; ")];
        record.extend((0..width).map(|index| row.cell(index).text().into_owned()));
        writer
            .write_record(record)
            .map_err(|error| failed(&self.path)(error.into()))
    }

    /// The file, where one was written.
    pub(crate) fn finish(self) -> Result<Option<PathBuf>, IngestError> {
        match self.writer {
            None => Ok(None),
            Some(mut writer) => match writer.flush() {
                Ok(()) => Ok(Some(self.path)),
                Err(source) => Err(IngestError::RejectFile {
                    file: self.path,
                    source,
                }),
            },
        }
    }
}
