//! Nomad names the lines of a jobspec. This finds the places in the pillar from which the lines come.

use crate::decide::job_key;
use crate::model::service::{JobPart, JobParts, JobShape, JobSource, NomadService, plain};
use crate::model::{Component, PillarPath, Source};
use crate::nomad::JobRefusal;
use crate::render;

/// The same refusal, with a place in the pillar before each of its sentences if the job is that of a service.
pub(super) fn located(component: &Component, refusal: JobRefusal) -> JobRefusal {
    let JobRefusal::Invalid(reasons) = refusal else { return refusal };
    let sentences = |reason: String| match (by_line(component, &reason), place(component, &reason)) {
        (said, _) if !said.is_empty() => said,
        (_, Some(place)) => vec![format!("{place}: {}", reason.trim_end_matches('.'))],
        (_, None) => vec![reason],
    };
    JobRefusal::Invalid(reasons.into_iter().flat_map(sentences).collect())
}

/// The sentences of a message that names lines of a generated job, each with its place in the pillar.
pub(super) fn by_line(component: &Component, message: &str) -> Vec<String> {
    let Some(Source::Service(service)) = &component.source else { return Vec::new() };
    let JobSource::Generated(_) = &service.job else { return Vec::new() };
    let sentence = |(line, said): (usize, &str)| {
        let place = render::job_place(service, line).or_else(|| place(component, said));
        place.map(|place| format!("{place}: {}", said.trim_end_matches('.')))
    };
    positions(message).into_iter().filter_map(sentence).collect()
}

/// The place of the service in the pillar, or of the key that a message without lines is about. A template of the user
/// has its own lines.
pub(super) fn place(component: &Component, message: &str) -> Option<PillarPath> {
    let Some(Source::Service(service)) = &component.source else { return None };
    match &service.job {
        JobSource::Generated(shape) => Some(of_its_key(component, service, shape, message)),
        JobSource::Own { .. } => component.places.get("source").cloned(),
    }
}

fn of_its_key(component: &Component, service: &NomadService, shape: &JobShape, message: &str) -> PillarPath {
    let written = |key| component.places.get(key).or_else(|| within(&shape.parts, key));
    let name = service.name.as_str();
    match job_key::task(message).filter(|task| *task != name) {
        Some(task) if shape.extras.tasks.contains_key(task) => component.place("tasks").child(task),
        Some(task) => within(&shape.parts, task).unwrap_or(&component.path).clone(),
        None => {
            let keys = job_key::keys(message, name);
            keys.into_iter().find_map(written).unwrap_or(&component.path).clone()
        }
    }
}

/// The part of `job` that has the name of a key, such as `template` for `templates`.
fn within<'a>(parts: &'a JobParts, key: &str) -> Option<&'a PillarPath> {
    let is_it = |name: &str| name == key || key.strip_suffix('s') == Some(name);
    let own = parts.iter().find(|(name, _)| is_it(plain(name).0)).map(|(_, part)| &part.path);
    own.or_else(|| parts.values().filter_map(JobPart::map).find_map(|inner| within(inner, key)))
}

/// Reads each `file:LINE,COLUMN-COLUMN: SUMMARY; DETAIL` of a message: the lines and the details.
pub(super) fn positions(message: &str) -> Vec<(usize, &str)> {
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
