//! After the turns of a run: gives the secrets their old values if the rotation failed, and ends the rotation if nothing
//! needs the other values any more.

use std::collections::{BTreeMap, BTreeSet};

use super::{named, owner_lock, previous};
use crate::command_line::command;
use crate::decide::{
    ApplyFailure, ChangeProgress, Rotation, RotationStage, SecretReaderState, rotation_ends,
};
use crate::error::Result;
use crate::model::{Name, VaultPath, secret_owner, secret_readers};
use crate::operation::session::Session;
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};

type Reports = BTreeMap<Name, ComponentReport>;

/// Before the rollback, so that a component that reads Vault again gets the old value.
pub async fn withdraw_failed(session: &Session, reports: &mut Reports) {
    let changed = session.ledger.changed();
    let is_unclear = session.call.cancel.cause().is_some()
        || changed.values().any(|prior| {
            matches!(prior.progress, ChangeProgress::Failed(failure) if failure != ApplyFailure::StateKnown)
        });
    for (path, rotation) in session.ledger.rotations.found() {
        let readers = secret_readers(&session.blueprint, &path, &rotation.keys);
        let has_failed = |name: &Name| reports.get(name).is_some_and(|one| one.status == Status::Failed);
        let is_unused = rotation.run_id == session.call.run_id
            && readers.iter().all(|name| state(session, name, reports) == SecretReaderState::Untouched);
        // After a failure whose result is unknown, the new value may be in use: the next run decides.
        let goes_back = if is_unclear { is_unused } else { readers.iter().any(has_failed) };
        if rotation.withdrawn || !goes_back {
            continue;
        }
        match withdraw(session, &path, &rotation).await {
            Ok(true) => session.ledger.rotations.withdraw(&path),
            Ok(false) => {}
            Err(error) => {
                let named = named(&path, rotation.keys.iter());
                let note = words![Words::own(format!("{named} still has its new value: ")), &error.message];
                session.ledger.rotations.stay(&readers);
                tell(session, &path, &readers, reports, note);
            }
        }
    }
}

/// After the rollback. Returns whether some rotation has not ended.
pub async fn end(session: &Session, reports: &mut Reports) -> bool {
    let mut is_open = false;
    if let Some(target) = session.ledger.rotations.asked() {
        for (path, rotated) in &target.paths {
            let (named, previous) = (named(path, rotated.keys.keys()), previous(rotated.keys.keys()));
            let note =
                format!("{named} would get a new value, and the old one would be {previous} meanwhile");
            tell(session, path, &target.readers, reports, Words::own(note));
        }
    }
    for (path, rotation) in session.ledger.rotations.found() {
        let readers = secret_readers(&session.blueprint, &path, &rotation.keys);
        let withdrawn_now = session.ledger.rotations.was_withdrawn(&path);
        let stage = match (withdrawn_now, rotation.withdrawn) {
            (true, _) => RotationStage::WithdrawnNow { began_here: rotation.run_id == session.call.run_id },
            (false, true) => RotationStage::WithdrawnBefore,
            (false, false) => RotationStage::New,
        };
        let states: Vec<_> = readers.iter().map(|name| state(session, name, reports)).collect();
        let ends = rotation_ends(stage, &states);
        let finished = match ends {
            true => finish(session, &path, &rotation, stage).await,
            false => Ok(false),
        };
        is_open |= !matches!(finished, Ok(true));
        let note = match ends {
            true => match finished {
                Ok(true) => ended(&path, &rotation, stage),
                Ok(false) => Words::own(format!(
                    "another run has changed the rotation of {} meanwhile",
                    named(&path, rotation.keys.iter())
                )),
                Err(error) => {
                    let still =
                        format!("the rotation of {} has not ended: ", named(&path, rotation.keys.iter()));
                    words![Words::own(still), &error.message, ". The next run ends it"]
                }
            },
            false => waits(&path, &rotation, stage, &readers, &states),
        };
        tell(session, &path, &readers, reports, note);
    }
    is_open
}

fn state(session: &Session, name: &Name, reports: &Reports) -> SecretReaderState {
    let status = reports.get(name).map(|report| report.status);
    let progress = session.ledger.changed().get(name).map(|prior| prior.progress);
    match (status, progress) {
        (Some(Status::RolledBack), _) => SecretReaderState::RolledBack,
        (Some(status), _) if status.is_as_asked() => SecretReaderState::Healthy,
        (_, None | Some(ChangeProgress::Nothing)) => SecretReaderState::Untouched,
        _ => SecretReaderState::Changed,
    }
}

fn ended(path: &VaultPath, rotation: &Rotation, stage: RotationStage) -> Words {
    let (named, previous) = (named(path, rotation.keys.iter()), previous(rotation.keys.iter()));
    Words::own(match (stage, rotation.keeps_previous) {
        (RotationStage::New, true) => {
            format!(
                "rotated: {named} has a new value. The old one stays as {previous} until the next rotation"
            )
        }
        (RotationStage::New, false) => {
            format!("rotated: {named} has a new value, and the old one was removed")
        }
        _ => format!("not rotated: {named} has its old value again, and the new one was removed"),
    })
}

fn waits(
    path: &VaultPath,
    rotation: &Rotation,
    stage: RotationStage,
    readers: &BTreeSet<Name>,
    states: &[SecretReaderState],
) -> Words {
    let (named, previous) = (named(path, rotation.keys.iter()), previous(rotation.keys.iter()));
    let late = readers.iter().zip(states).filter(|(_, state)| **state != SecretReaderState::Healthy);
    let late: Vec<_> = late.map(|(name, _)| name.as_str()).collect();
    let all: Vec<_> = readers.iter().map(Name::as_str).collect();
    let (value, other, suspects) = match stage {
        RotationStage::New => ("new", "old", late),
        _ => ("old", "new", all.clone()),
    };
    // One run must find all of them healthy.
    let finish = command("orchestrate").here().with("components", all.join(","));
    words![
        Words::own(format!(
            "{named} has its {value} value, and {} may still have the {other} one, which stays as {previous}. To \
             finish the rotation: ",
            suspects.join(", ")
        )),
        finish,
    ]
}

async fn withdraw(session: &Session, path: &VaultPath, rotation: &Rotation) -> Result<bool> {
    owner_lock::under(session, path, async || {
        session.call.secrets.vault().await?.withdraw_rotation(path, &rotation.run_id).await
    })
    .await
}

async fn finish(
    session: &Session,
    path: &VaultPath,
    rotation: &Rotation,
    stage: RotationStage,
) -> Result<bool> {
    let withdrawn = stage != RotationStage::New;
    owner_lock::under(session, path, async || {
        session.call.secrets.vault().await?.end_rotation(path, &rotation.run_id, withdrawn).await
    })
    .await
}

/// In the report of the service whose secret it is, or else of a component that reads it.
fn tell(session: &Session, path: &VaultPath, readers: &BTreeSet<Name>, reports: &mut Reports, note: Words) {
    let owner = secret_owner(&session.blueprint, path).into_iter();
    let Some(name) = owner.chain(readers).find(|name| reports.contains_key(*name)).cloned() else { return };
    if let Some(report) = reports.get_mut(&name) {
        report.notes.put_first(note);
    }
}
