//! The values of references that only this host can read: a text, an environment variable, a file, and Salt's sdb.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::oneshot;

use crate::command_line::process;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::Host;
use crate::model::Reference;
use crate::words::{Words, words};

/// How long one read of a component may take.
pub const LIMIT: Duration = Duration::from_secs(60);
/// How often a running read of sdb is asked for its value.
pub const POLL: Duration = Duration::from_millis(50);

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

/// A value from Salt's sdb, on the thread of Salt's call.
pub fn sdb(host: &dyn Host, uri: &str, limit: Duration) -> Result<SecretString> {
    let id = host.start_sdb(uri, limit).map_err(|why| refused_by_sdb(uri, &why))?;
    let until = Instant::now() + limit;
    let answer = loop {
        match host.poll_sdb(&id) {
            Ok(None) if Instant::now() < until => std::thread::sleep(POLL),
            Ok(None) => break Err(too_late(&Reference::Sdb(uri.to_owned()), limit)),
            Ok(Some(value)) => break Ok(value.into()),
            Err(why) => break Err(refused_by_sdb(uri, &why)),
        }
    };
    host.stop_sdb(&id);
    answer
}

pub fn refused_by_sdb(uri: &str, why: &str) -> Error {
    let remedy = "check this profile in the configuration of the master or minion that runs Eos";
    refused(format!("{uri} cannot be read: {why}"), remedy)
}

pub fn too_late(reference: &Reference, limit: Duration) -> Error {
    let message = format!("{reference} gave no value within {}", humantime::format_duration(limit));
    let remedy = match reference {
        Reference::Sdb(_) => {
            "check the server behind this profile of Salt's sdb, and whether this host reaches it; then run again"
        }
        _ => "check whether the file is a pipe, or on a file system that does not answer; then run again",
    };
    refused(message, remedy)
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
            words!["set it in the environment of the process that runs Eos: ", process()],
        ),
    };
    refused(message, remedy)
}

fn refused(message: String, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Salt, Phase::Preparation, Code::Reference, message, remedy)
}
