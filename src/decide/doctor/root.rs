//! Judges the root: the folder of all workdirs.

use super::check::{Check, CheckStatus, Group};
use crate::decide::listed_briefly;
use crate::error::{Code, Error};
use crate::shell::quote;
use crate::words::{Words, words};

#[derive(Clone, Debug, Default)]
pub struct RootFacts {
    pub path: String,
    /// The root itself, or the nearest folder above it that exists.
    pub nearest: String,
    /// Whether there is something at the root's path, and whether it is a folder.
    pub exists: bool,
    pub is_folder: bool,
    /// This user may make files in the nearest folder.
    pub is_writable: bool,
    /// Why the nearest folder takes no folder, although this user may write there. Some file systems take none.
    pub takes_none: Option<String>,
    pub is_read_only: bool,
    /// A network or FUSE file system.
    pub is_remote: bool,
    /// Its mount forbids to run programs.
    pub forbids_programs: bool,
    /// The user of this process, and the owner and mode of the nearest folder.
    pub user: String,
    pub owner: String,
    pub mode: u32,
    /// Folders and files in it that other users can read.
    pub open: Vec<String>,
    /// Whether they can list the names in it.
    pub names: bool,
    /// What a run would refuse.
    pub refused: Vec<Error>,
}

pub fn root(found: RootFacts) -> Vec<Check> {
    const NAME: &str = "root";
    let RootFacts { path, nearest, exists, is_folder, user, owner, mode, open, names, refused, .. } = found;
    let bad = |status, code, message: String, remedy: Words| {
        Check::bad(Group::Host, NAME, (status, code), message, remedy)
    };
    let wrong = |code, message: String, remedy: Words| bad(CheckStatus::Wrong, code, message, remedy);
    if exists && !is_folder {
        let message = format!("{path} is not a folder");
        let remedy = "move it away, or set infrastructure:settings:root to another folder".into();
        return vec![wrong(Code::File, message, remedy)];
    }
    let mut all = Vec::new();
    let who = format!("owner {owner}, mode {mode:04o}");
    if found.is_read_only {
        let message = format!("{nearest} is on a read-only file system");
        all.push(wrong(Code::ReadOnly, message, Error::READ_ONLY.into()));
    } else if !found.is_writable {
        let message = match exists {
            true => format!("the user {user} may not write to {path} ({who})"),
            false => {
                format!("{path} does not exist, and the user {user} may not make it in {nearest} ({who})")
            }
        };
        let remedy = match exists {
            true => words![
                "run Eos as ",
                owner,
                ", or give the root to ",
                &user,
                " as root: ",
                Words::shell(format!("chown {user} {}", quote(&path)))
            ],
            false => words![
                "make it as root: ",
                Words::shell(format!("install -d -m 0700 -o {user} {}", quote(&path)))
            ],
        };
        all.push(wrong(Code::File, message, remedy));
    }
    if let Some(reason) = &found.takes_none {
        let message = format!("{path} does not exist, and cannot be made in {nearest}: {reason}");
        let remedy = "set infrastructure:settings:root to a folder on a disk of this host".into();
        all.push(wrong(Code::File, message, remedy));
    }
    if found.is_remote {
        let message = format!(
            "{nearest} is on a network or FUSE file system: a lock there may not exclude other hosts"
        );
        let remedy = "set infrastructure:settings:root to a local file system".into();
        all.push(wrong(Code::LockRemote, message, remedy));
    }
    if found.forbids_programs {
        let message = format!("{nearest} is mounted with noexec, and providers are programs below the root");
        let remedy =
            "mount it with exec, or let cli_config_file name a mirror or a cache of providers elsewhere";
        all.push(bad(CheckStatus::Warning, Code::NoPrograms, message, remedy.into()));
    }
    if !open.is_empty() {
        let folders = listed_briefly(&open);
        let message = format!("other users can read {folders}, where states and their secrets are");
        let close = Words::shell("chmod go-rwx PATH");
        let remedy = words!["the next run closes the folders of its components; close it now: ", close];
        all.push(bad(CheckStatus::Warning, Code::FolderNotTrusted, message, remedy));
    }
    all.extend(
        refused.into_iter().map(|error| Check::of_error(Group::Host, NAME, CheckStatus::Wrong, error)),
    );
    if all.is_empty() {
        let said = match exists {
            true => {
                let what = if names { "only names" } else { "nothing" };
                words![path, ": writable, and others can read ", what, " in it (", who, ")"]
            }
            false => words![path, " does not exist yet; the first run makes it"],
        };
        all.push(Check::ok(Group::Host, NAME, said));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> RootFacts {
        let [path, nearest] = ["/srv/terraform"; 2].map(str::to_owned);
        let [user, owner] = ["salt"; 2].map(str::to_owned);
        let (exists, is_folder, is_writable) = (true, true, true);
        RootFacts { path, nearest, exists, is_folder, is_writable, user, owner, ..RootFacts::default() }
    }

    #[test]
    fn each_fault_of_the_root_is_one_line_with_its_remedy() {
        let table: [(RootFacts, Option<Code>, &str); 9] = [
            (facts(), None, ""),
            (RootFacts { exists: false, is_folder: false, ..facts() }, None, ""),
            (RootFacts { is_folder: false, ..facts() }, Some(Code::File), "move it away"),
            (RootFacts { is_writable: false, user: "eve".into(), ..facts() }, Some(Code::File), "chown eve"),
            (
                RootFacts { is_writable: false, exists: false, ..facts() },
                Some(Code::File),
                "install -d -m 0700",
            ),
            (
                RootFacts { takes_none: Some("no such file".into()), exists: false, ..facts() },
                Some(Code::File),
                "infrastructure:settings:root",
            ),
            (RootFacts { is_read_only: true, is_writable: false, ..facts() }, Some(Code::ReadOnly), "dmesg"),
            (RootFacts { forbids_programs: true, ..facts() }, Some(Code::NoPrograms), "mount it with exec"),
            (
                RootFacts { open: vec!["/srv/terraform/e".into()], ..facts() },
                Some(Code::FolderNotTrusted),
                "chmod",
            ),
        ];
        for (facts, code, remedy) in table {
            let [check] = &root(facts.clone())[..] else { panic!("{facts:?}") };
            assert_eq!(check.code, code, "{check:?}");
            assert!(check.remedy.contains(remedy), "{check:?}");
            assert_eq!(check.status == CheckStatus::Ok, code.is_none(), "{check:?}");
        }
        assert_eq!(root(RootFacts { is_remote: true, is_read_only: true, ..facts() }).len(), 2);
    }
}
