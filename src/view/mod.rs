//! view
pub mod progress;

pub fn text(report: &serde_json::Value, colour: bool, width: usize) -> String {
    format!("{colour} {width} {report}")
}
