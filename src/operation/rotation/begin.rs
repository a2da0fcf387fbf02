//! Checks that a rotation may begin, and writes the new values.

use super::{named, owner_lock, previous};
use crate::command_line::command;
use crate::decide::{ROTATION, Rotation, RotationFault};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Name, RotatedPath, RotationTarget, VaultPath, secret_readers};
use crate::operation::session::Session;
use crate::words::{Words, words};

/// Refuses what could not be done or could not be undone. Nothing is written.
pub async fn check(session: &Session, target: RotationTarget) -> Result<()> {
    for name in &target.readers {
        let paths = session.call.layout.component(name)?;
        let record = session.records().latest(name, &paths).await?;
        if record.is_none_or(|record| record.known_good.is_none()) {
            return Err(never_good(name));
        }
    }
    let vault = session.call.secrets.vault().await?;
    for (path, RotatedPath { keys, .. }) in &target.paths {
        vault.may_rotate(path, keys).await?.map_err(|fault| explain(session, &target, path, fault))?;
    }
    let rights = vault.rights(target.paths.keys().map(|path| (path.clone(), true))).await?;
    if let Some(missing) = rights.iter().find(|right| !right.is_allowed) {
        let message = format!("the token of this run may not {}", missing.what);
        let remedy = words!["add this rule to a policy of the token: ", Words::own(missing.rule.clone())];
        return Err(Error::new(Layer::Host, Phase::Preparation, Code::VaultDenied, message, remedy));
    }
    session.ledger.rotations.ask(target);
    Ok(())
}

/// Writes the new values, each path under the lock of its service. If one cannot be written, none stays.
pub async fn begin(session: &Session) -> Result<()> {
    let Some(target) = session.ledger.rotations.take() else { return Ok(()) };
    let mut written = Vec::new();
    for (path, rotated) in &target.paths {
        match write(session, &target, path, rotated).await {
            Ok(()) => written.push(path),
            Err(mut error) => {
                for path in written {
                    if let Err(why) = undo(session, path).await {
                        error = half_begun(session, path, &target.paths[path], error, &why);
                    }
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

async fn write(
    session: &Session,
    target: &RotationTarget,
    path: &VaultPath,
    RotatedPath { keys, .. }: &RotatedPath,
) -> Result<()> {
    let begun = owner_lock::under(session, path, async || {
        let (vault, run_id) = (session.call.secrets.vault().await?, &session.call.run_id);
        vault.begin_rotation(path, keys, run_id, target.keeps_previous).await
    });
    begun.await?.map_err(|fault| explain(session, target, path, fault))?;
    let rotation = Rotation {
        run_id: session.call.run_id.clone(),
        keys: keys.keys().cloned().collect(),
        keeps_previous: target.keeps_previous,
        ..Rotation::default()
    };
    session.ledger.rotations.begin(path, rotation);
    let (named, previous) = (named(path, keys.keys()), previous(keys.keys()));
    session.call.channel.note(&format!("{named} has a new value; the old one is {previous} meanwhile"));
    Ok(())
}

async fn undo(session: &Session, path: &VaultPath) -> Result<()> {
    let undone = owner_lock::under(session, path, async || {
        let (vault, run_id) = (session.call.secrets.vault().await?, &session.call.run_id);
        vault.withdraw_rotation(path, run_id).await?;
        vault.end_rotation(path, run_id, true).await
    });
    undone.await.map(drop)
}

/// The error of a rotation that could not begin everywhere, and could not be undone here.
fn half_begun(
    session: &Session,
    path: &VaultPath,
    rotated: &RotatedPath,
    error: Error,
    why: &Error,
) -> Error {
    let keys = rotated.keys.keys().cloned().collect();
    let readers = secret_readers(&session.blueprint, path, &keys);
    let readers = readers.iter().map(Name::as_str).collect::<Vec<_>>().join(",");
    let finish = command("orchestrate").here().with("components", readers);
    let named = named(path, keys.iter());
    Error {
        message: words![
            error.message,
            Words::own(format!("; {named} still has its new value: ")),
            &why.message
        ],
        remedy: words![error.remedy, ". To finish that rotation: ", finish],
        ..error
    }
}

fn never_good(name: &Name) -> Error {
    let message = "it has no known-good version with the old value, to which a failed rotation could go back";
    let remedy = words!["deploy it first: ", command("orchestrate").here().with("components", name)];
    Error::new(Layer::Salt, Phase::Preparation, Code::NeverApplied, message, remedy).of(name)
}

fn explain(session: &Session, target: &RotationTarget, path: &VaultPath, fault: RotationFault) -> Error {
    let refuse = |code, message: String, remedy: Words| {
        Error::new(Layer::Salt, Phase::Preparation, code, Words::own(message), remedy)
    };
    match fault {
        RotationFault::UnderWay(rotation) => {
            let named = named(path, rotation.keys.iter());
            let message = format!("{named} is already being rotated, since run {}", rotation.run_id);
            let readers = secret_readers(&session.blueprint, path, &rotation.keys);
            let readers = readers.iter().map(Name::as_str).collect::<Vec<_>>().join(",");
            let finish = command("orchestrate").here().with("components", readers);
            let remedy = words!["wait for that run. If it has ended, finish its rotation: ", finish];
            refuse(Code::RotationUnderWay, message, remedy)
        }
        RotationFault::NoValue(key) => {
            let message = format!("vault:{path}#{key} has no value that could be rotated");
            let owner = target.paths.get(path).map(|rotated| rotated.owner.as_str()).unwrap_or_default();
            let generate = command("orchestrate").here().with("components", owner);
            refuse(Code::SecretKeyMissing, message, words!["generate it: ", generate])
        }
        RotationFault::Occupied(previous) => {
            let message =
                format!("vault:{path}#{previous} is needed for the old value, and somebody else wrote it");
            let remedy = Words::own("remove that key in Vault, or give the secret another key");
            refuse(Code::NotRotatable, message, remedy)
        }
        RotationFault::Unreadable => {
            let message = format!("vault:{path}#{} was changed, and cannot be read", ROTATION);
            let remedy = Words::own("check the values there, and remove that key in Vault");
            refuse(Code::NotRotatable, message, remedy)
        }
    }
}
