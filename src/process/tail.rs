//! Reads a file line by line while another process writes it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads complete lines when they appear. Bytes that are not UTF-8 are replaced.
pub struct LineReader {
    file: File,
    rest: Vec<u8>,
}

impl LineReader {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, rest: Vec::new() })
    }

    /// Passes every new complete line to `on_line`.
    pub fn read(&mut self, on_line: &mut dyn FnMut(&str)) -> io::Result<()> {
        let searched = self.rest.len();
        self.file.read_to_end(&mut self.rest)?;
        let Some(last) = self.rest[searched..].iter().rposition(|&byte| byte == b'\n') else {
            return Ok(());
        };
        let rest = self.rest.split_off(searched + last + 1);
        let complete = std::mem::replace(&mut self.rest, rest);
        for line in complete.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            on_line(&String::from_utf8_lossy(line));
        }
        Ok(())
    }

    /// Reads the rest. Text without a final newline is a line too.
    pub fn finish(mut self, on_line: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.read(on_line)?;
        if !self.rest.is_empty() {
            on_line(&String::from_utf8_lossy(&self.rest));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_line_is_returned_once_and_only_when_it_is_complete() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut tail = LineReader::open(file.path()).unwrap();
        let mut lines = Vec::new();
        let read = |tail: &mut LineReader| {
            let mut now = Vec::new();
            tail.read(&mut |line| now.push(line.to_owned())).unwrap();
            now
        };
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(read(&mut tail), ["one"]);
        file.write_all(b"o\n\xffthree").unwrap();
        assert_eq!(read(&mut tail), ["two"]);
        tail.finish(&mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["\u{fffd}three"]);
    }
}
