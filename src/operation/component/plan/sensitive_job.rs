//! What Nomad says about a job whose jobspec is sensitive, without secrets.

use serde_json::Value;

use crate::change::{JobTexts, PlannedJob, Redactor, SENSITIVE, sensitive_values};
use crate::http::ServerUnavailable;
use crate::nomad::{JobName, JobRefusal, KindChange, NomadError};
use crate::operation::exec::context::Context;

pub(super) struct SensitiveJob<'a> {
    context: &'a Context<'a>,
    /// The values that the plan marks as sensitive.
    secrets: Vec<Value>,
    texts: Option<JobTexts>,
}

impl<'a> SensitiveJob<'a> {
    pub fn new(context: &'a Context<'a>, plan: &Value, job: &PlannedJob) -> Self {
        let secrets = sensitive_values(plan);
        context.redactor.add(&secrets);
        let texts = job.spec.as_ref().map(|spec| JobTexts::new(spec, plan, &source(context)));
        Self { context, secrets, texts }
    }

    /// Nomad knows only the jobspec, and the words of it that nobody may see are hidden. None if a word of the text is a
    /// secret that is too short to be masked: elsewhere in the jobspec or in the source, it may be an open word.
    pub fn text(&self, text: &str) -> Option<String> {
        let masked = self.context.redactor.text(text);
        let shown = masked.replace(SENSITIVE, "");
        let is_left = |secret: &Value| {
            let secret = secret.as_str().map_or_else(|| secret.to_string(), str::to_owned);
            has_word(&shown, &secret)
        };
        let mut short = self.secrets.iter().filter(|secret| Redactor::is_short(secret));
        let is_shown = !short.any(is_left);
        self.texts.as_ref().filter(|_| is_shown).map(|texts| texts.text(&masked))
    }

    /// The same refusal. None if it cannot be shown.
    pub fn refusal(&self, refusal: &JobRefusal) -> Option<JobRefusal> {
        Some(match refusal {
            JobRefusal::Invalid(reasons) => {
                JobRefusal::Invalid(reasons.iter().map(|reason| self.text(reason)).collect::<Option<_>>()?)
            }
            JobRefusal::Unplaceable(name, groups) => JobRefusal::Unplaceable(
                self.name(name)?,
                groups.iter().map(|group| self.text(group)).collect::<Option<_>>()?,
            ),
            JobRefusal::Foreign(name) => JobRefusal::Foreign(self.name(name)?),
            JobRefusal::Moved(name) => JobRefusal::Moved(self.name(name)?),
            JobRefusal::Differs(notes) => {
                let masked = notes.iter().map(|note| note.masked(|text| self.text(text)));
                JobRefusal::Differs(masked.collect::<Option<_>>()?)
            }
            // The kinds are words of Nomad's language.
            JobRefusal::Kind(change) => {
                JobRefusal::Kind(KindChange { name: self.name(&change.name)?, ..change.clone() })
            }
            JobRefusal::Api(error) => JobRefusal::Api(match error {
                NomadError::Unreachable(unavailable) => {
                    let text = self.text(&unavailable.text)?;
                    NomadError::Unreachable(ServerUnavailable { text, ..unavailable.clone() })
                }
                NomadError::Denied(text) => NomadError::Denied(self.text(text)?),
                NomadError::Missing(text) => NomadError::Missing(self.text(text)?),
                NomadError::Refused(text) => NomadError::Refused(self.text(text)?),
                NomadError::Moved => NomadError::Moved,
            }),
        })
    }

    fn name(&self, name: &JobName) -> Option<JobName> {
        Some(JobName { namespace: self.text(&name.namespace)?, id: self.text(&name.id)? })
    }
}

/// Whether the text has this text, and not only inside a longer word.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, word)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

/// The module's files. A file that is no text has no word that a jobspec could repeat.
fn source(context: &Context<'_>) -> Vec<String> {
    let module = context.session.modules.get(&context.component.name);
    let files = module.into_iter().flat_map(|module| &module.files);
    files
        .filter_map(|file| file.bytes().ok().and_then(|bytes| String::from_utf8(bytes.into_owned()).ok()))
        .collect()
}
