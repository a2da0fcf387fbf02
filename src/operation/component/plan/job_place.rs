//! Nomad names the lines of a jobspec. This finds the places in the pillar from which the lines come.

use crate::model::{Component, Source};
use crate::nomad::JobRefusal;
use crate::render;

/// The same refusal, with places in the pillar if parts of `job` are wrong.
pub(in crate::operation) fn located(component: &Component, refusal: JobRefusal) -> JobRefusal {
    match refusal {
        JobRefusal::Invalid(reason) => JobRefusal::Invalid(placed(component, &reason).unwrap_or(reason)),
        other => other,
    }
}

/// What a message says, with a place in the pillar before each of its sentences. None if it has no such place.
pub(super) fn placed(component: &Component, message: &str) -> Option<String> {
    let Some(Source::Service(service)) = &component.source else { return None };
    let sentence = |(line, said): (usize, &str)| {
        render::job_place(service, line).map(|path| format!("{path}: {}", said.trim_end_matches('.')))
    };
    let sentences: Vec<_> = positions(message).into_iter().filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// Reads each `file:LINE,COLUMN-COLUMN: SUMMARY; DETAIL` of a message: the lines and the details.
fn positions(message: &str) -> Vec<(usize, &str)> {
    let one = |(at, _): (usize, &str)| {
        let (line, rest) = message[at + 1..].split_once(',')?;
        let (columns, said) = rest.split_once(": ")?;
        let is_range = columns.bytes().all(|byte| byte.is_ascii_digit() || b"-,".contains(&byte));
        let file = message[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
        Some((line.parse().ok().filter(|_| is_range)?, file, message.len() - said.len()))
    };
    let found: Vec<_> = message.match_indices(':').filter_map(one).collect();
    let ends = found.iter().skip(1).map(|(_, file, _)| *file).chain([message.len()]);
    let said = |((line, _, from), to): (&(usize, usize, usize), usize)| {
        let said = message[*from..to].lines().next().unwrap_or_default().trim();
        let detail = said.split_once("; ").map_or(said, |(_, detail)| detail);
        // The provider puts the whole message in brackets.
        let is_closed = detail.matches('(').count() < detail.matches(')').count();
        (*line, detail.rsplit_once(')').filter(|_| is_closed).map_or(detail, |(inside, _)| inside))
    };
    found.iter().zip(ends).map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn the_lines_and_the_details_are_read_from_a_message() {
        for (message, expected) in [
            (
                "code: 400 (Failed to parse job: input.hcl:89,6-15: Extraneous property; No \"x\". \
                 input.hcl:7,1-8,2: Wrong type; A number (not a text) is required) [main.tf:28]\n\n  with x",
                vec![(89, "No \"x\"."), (7, "A number (not a text) is required")],
            ),
            (
                ":7,1-8,2: Unsuitable value type; Unsuitable value: a number",
                vec![(7, "Unsuitable value: a number")],
            ),
            ("1 error occurred: Task group web: 3,4 of it", vec![]),
        ] {
            assert_eq!(positions(message), expected, "{message}");
        }
    }
}
