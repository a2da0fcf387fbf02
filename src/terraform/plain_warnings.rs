//! Reads warnings in text for people. `terraform init` has no other form in all versions.

use super::event::{Diagnostic, Position, Range};

/// Terraform writes this after each init that used a mirror. Only Eos uses that lock file, and only on this platform.
const ABOUT_THE_LOCK_FILE: &str = "Incomplete lock file information for providers";

/// The warnings of a command's stdout. Of each detail only the first paragraph, because the text does not mark the end.
pub fn plain_warnings(stdout: &str) -> Vec<Diagnostic> {
    let mut lines = stdout.lines().map(str::trim_end).peekable();
    let mut warnings = Vec::new();
    while let Some(line) = lines.next() {
        let Some(summary) = line.strip_prefix("Warning: ") else { continue };
        let mut paragraph = || {
            let mut words = Vec::new();
            while lines.next_if(|line| line.is_empty()).is_some() {}
            while let Some(line) = lines.next_if(|line| !line.is_empty() && !line.starts_with("Warning: ")) {
                words.push(line);
            }
            words
        };
        let first = paragraph();
        let range = first.first().and_then(|line| place(line));
        let detail = if range.is_some() { paragraph() } else { first };
        if summary != ABOUT_THE_LOCK_FILE {
            let (summary, detail) = (summary.to_owned(), detail.join(" "));
            warnings.push(Diagnostic::warning(summary, detail, range));
        }
    }
    warnings
}

/// `  on main.tf line 7, in provider "aws":`
fn place(line: &str) -> Option<Range> {
    let (filename, rest) = line.strip_prefix("  on ")?.split_once(" line ")?;
    let line = rest.split([',', ':']).next()?.parse().ok()?;
    Some(Range { filename: filename.to_owned(), start: Position { line } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_is_read_with_its_place_and_the_first_paragraph_of_its_detail() {
        let said = "Initializing provider plugins...\n\nWarning: Version constraints are deprecated\n\n  on main.tf line 7, in \
            provider \"aws\":\n   7:  version = \"~> 5.0\"\n\nTerraform 0.13 and earlier allowed\nversion constraints.\n\n(and one \
            more similar warning elsewhere)\n\nWarning: Additional provider information from registry\n\nThe remote registry \
            returned warnings for\nr.test/x/a:\n- it has moved\n\nWarning: Incomplete lock file information for providers\n\nDue \
            to your customized\n\nTerraform has been successfully initialized!\n";
        let found: Vec<_> = plain_warnings(said)
            .into_iter()
            .map(|one| (one.summary, one.detail, one.range.map(|range| (range.filename, range.start.line))))
            .collect();
        let text = str::to_owned;
        let expected = [
            (
                text("Version constraints are deprecated"),
                text("Terraform 0.13 and earlier allowed version constraints."),
                Some((text("main.tf"), 7)),
            ),
            (
                text("Additional provider information from registry"),
                text("The remote registry returned warnings for r.test/x/a: - it has moved"),
                None,
            ),
        ];
        assert_eq!(found, expected);
        assert_eq!(
            plain_warnings("Warning: no detail"),
            [Diagnostic::warning(text("no detail"), text(""), None)]
        );
    }
}
