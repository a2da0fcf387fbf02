//! What Nomad says about a job that it accepts.

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
        changes: Vec<String>,
    },
    /// What Nomad would do to a group: `Place 1, Stop 2`.
    Updates {
        job: String,
        group: String,
        updates: String,
    },
}

impl JobNote {
    /// The same note with its repeated parts masked. None if one of them cannot be shown.
    pub fn masked(&self, mask: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(match self {
            Self::Warning { job, text } => Self::Warning { job: mask(job)?, text: mask(text)? },
            Self::Changes { job, changes } => Self::Changes {
                job: mask(job)?,
                changes: changes.iter().map(|text| mask(text)).collect::<Option<_>>()?,
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
                format!("Nomad's plan for {job} changes {}", changes.join("; "))
            }
            Self::Updates { job, group, updates } => format!("Nomad's plan for {job}.{group}: {updates}"),
        }
    }
}
