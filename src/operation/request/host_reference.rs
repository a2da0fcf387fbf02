//! The values of references that only this host can read: a text, an environment variable, a file.

use secrecy::SecretString;
use tokio::sync::oneshot;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::Reference;
use crate::words::Words;

/// The value of a reference on this host. The error names the place, never the value.
pub fn read(reference: &Reference) -> Result<SecretString> {
    match reference {
        Reference::Plain(text) => Ok(text.clone().into()),
        Reference::Env(name) => match std::env::var(name) {
            Ok(value) => Ok(value.into()),
            Err(std::env::VarError::NotPresent) => Err(unset(name)),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(refused(format!("env:{name} is not UTF-8"), "set it to a text"))
            }
        },
        Reference::File(path) => match std::fs::read_to_string(path) {
            // Editors end a file with a newline, which is not part of the secret.
            Ok(text) => Ok(text.strip_suffix('\n').map_or(text.as_str(), |text| text).into()),
            Err(error) => Err(refused(
                format!("file:{} cannot be read: {error}", path.display()),
                "make it a UTF-8 file that the user that runs Salt can read",
            )
            .because(error)),
        },
        Reference::Vault { .. } | Reference::Sdb(_) => Err(refused(
            format!("{reference} can only be read while a component runs"),
            "use env:NAME or file:/path here",
        )),
    }
}

/// The same on a thread of its own, so that the caller can stop waiting. The thread ends with the read or the process.
pub async fn read_beside(reference: Reference) -> Result<SecretString> {
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || drop(answer.send(read(&reference))));
    answered
        .await
        .unwrap_or_else(|_| Err(refused("its read ended without an answer".to_owned(), "run again")))
}

/// The name of a variable for a value that `eos` asked for, or read from standard input.
const GIVEN_TO_EOS: &str = "EOS_SECRET_";

fn unset(variable: &str) -> Error {
    let (message, remedy) = match variable.strip_prefix(GIVEN_TO_EOS) {
        Some(secret) => (
            format!("the secret {secret} was given to the command eos itself, which stores no value"),
            Words::own(format!("give it again: --secret {secret}=- reads it, --secret {secret} asks for it")),
        ),
        None => (
            format!("env:{variable} is not set"),
            "set it in the environment of the process that runs Eos (salt-run or the minion)".into(),
        ),
    };
    refused(message, remedy)
}

fn refused(message: String, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Salt, Phase::Preparation, Code::Reference, message, remedy)
}
