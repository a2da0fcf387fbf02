//! All problems in one error.

use serde_json::json;

use super::Problem;
use crate::error::{Code, Error, Layer, Phase};
use crate::words::{Words, words};

/// One error with all problems, sorted by their places. It says that nothing was run.
pub fn refusal(mut problems: Vec<Problem>) -> Error {
    problems.sort();
    problems.dedup();
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    };
    let headline = Words::from(format!("{count}; nothing was run"));
    let message = problems.iter().fold(headline, |words, Problem { path, message }| {
        words![words, format!("\n  {path}\n      "), message]
    });
    Error::new(
        Layer::Salt,
        Phase::Validation,
        Code::Invalid,
        message,
        match problems.iter().all(|problem| problem.path.is_argument()) {
            true => "correct the call",
            false => "correct the pillar or the call",
        },
    )
    .with(json!({ "problems": problems }))
}
