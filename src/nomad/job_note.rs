//! What Nomad says about a job that it accepts.

use super::job_diff::JobDifference;

/// Maximum number of differences that are shown.
const MOST: usize = 12;

/// The parts that Nomad may repeat from the jobspec, and Nomad's own words.
#[derive(Clone, Debug, PartialEq)]
pub enum JobNote {
    Warning {
        job: String,
        text: String,
    },
    /// What differs from the registered job.
    Changes {
        job: String,
        changes: Vec<JobDifference>,
    },
    /// What Nomad would do to a group: `Place 1, Stop 2`.
    Updates {
        job: String,
        group: String,
        updates: String,
    },
}

impl JobNote {
    /// The same note with its repeated parts masked, and without values. None if one of them cannot be shown.
    pub fn masked(&self, mask: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(match self {
            Self::Warning { job, text } => Self::Warning { job: mask(job)?, text: mask(text)? },
            Self::Changes { job, changes } => Self::Changes {
                job: mask(job)?,
                changes: changes.iter().map(|one| one.without_values(&mask)).collect::<Option<_>>()?,
            },
            Self::Updates { job, group, updates } => {
                Self::Updates { job: mask(job)?, group: mask(group)?, updates: updates.clone() }
            }
        })
    }

    pub fn text(&self) -> String {
        match self {
            Self::Warning { job, text } => format!("Nomad's warning about job {job}: {text}"),
            Self::Changes { job, changes } => {
                let mut shown: Vec<_> = changes.iter().take(MOST).map(ToString::to_string).collect();
                if changes.len() > MOST {
                    shown.push(format!("and {} more", changes.len() - MOST));
                }
                format!("Nomad's plan for {job} changes {}", shown.join("; "))
            }
            Self::Updates { job, group, updates } => format!("Nomad's plan for {job}.{group}: {updates}"),
        }
    }
}
