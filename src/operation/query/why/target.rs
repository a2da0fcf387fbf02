//! The argument `what`: `web`, `web.size`, `web.tags.owner`, `settings.parallelism`.

use crate::model::{Name, output};
use crate::operation::request::arguments::Arguments;

/// The word for the settings of the environment.
const SETTINGS: &str = "settings";

const FORMS: &str = "COMPONENT.VARIABLE, COMPONENT or settings.KEY";

pub(super) struct Target {
    text: String,
    name: Name,
    path: Option<(String, Vec<String>)>,
}

/// Whether a text can only be a path to a value. No name has these characters.
pub(super) fn is_path(text: &str) -> bool {
    text.contains(['.', '['])
}

/// A wrong argument is a problem of the call.
pub(super) fn target(arguments: &mut Arguments) -> Target {
    let text = arguments.text("what").unwrap_or_default();
    let parsed = match text.as_str() {
        "" => Err(format!("is missing: write {FORMS}")),
        text if text.ends_with('.') => Err(format!("{text:?} ends with a dot: write {FORMS}")),
        text if is_path(text) => {
            output(text).map(|found| (found.component, Some((found.output, found.path))))
        }
        text => Name::new(text).map(|name| (name, None)).map_err(|reason| format!("{text:?} {reason}")),
    };
    let (name, path) = parsed.unwrap_or_else(|reason| {
        arguments.problem("what", reason);
        (Arguments::placeholder(), None)
    });
    Target { text, name, path }
}

impl Target {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The component that it names, or the word for the settings.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Whether it means the settings, if no component has this name.
    pub fn may_be_settings(&self) -> bool {
        self.name.as_str() == SETTINGS
    }

    /// The variable or key, and the steps below it. None if all are meant.
    pub fn path(&self) -> Option<(&str, &[String])> {
        self.path.as_ref().map(|(first, rest)| (first.as_str(), rest.as_slice()))
    }
}
