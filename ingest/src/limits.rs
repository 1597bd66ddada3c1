//! How large the things may be that are read whole.

/// An xls, xlsb or ods file, as it lies on the disk.
pub const WORKBOOK_BYTES: u64 = 64 << 20;
/// The content of an ods file, the shared strings of an xlsx file or any other part of a workbook
/// that is read whole, unpacked.
pub const PART_BYTES: u64 = 512 << 20;
/// A packed part larger than a megabyte may unpack to at most this many times its size: honest
/// sheets stay below 100.
pub const PACKING_RATIO: u64 = 400;
/// One record of a text file. A longer one is a quote that was opened and never closed.
pub const RECORD_BYTES: u64 = 8 << 20;
/// Bad cells that one error names before it stops looking.
pub const BAD_CELLS: usize = 20;
/// Columns of a file.
pub const COLUMNS: usize = 16_384;
