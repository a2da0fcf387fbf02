//! All problems in one error.

use serde_json::json;

use super::Problem;
use crate::error::{Code, Error, Layer, Phase};

/// One error with all problems, sorted by their places. It says that nothing was run.
pub fn refusal(mut problems: Vec<Problem>) -> Error {
    problems.sort();
    problems.dedup();
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    };
    let lines: String =
        problems.iter().map(|one| format!("\n  {}\n      {}", one.path, one.message)).collect();
    Error::new(
        Layer::Salt,
        Phase::Validation,
        Code::Invalid,
        format!("{count}; nothing was run{lines}"),
        match problems.iter().all(|problem| problem.path.is_argument()) {
            true => "correct the call",
            false => "correct the pillar or the call",
        },
    )
    .with(json!({ "problems": problems }))
}
