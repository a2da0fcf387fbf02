//! Claims about the owners of folders below the root, with a real terraform. Most need root, because only root can
//! change an owner.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Site, statuses};

/// `nobody`, or any other user that is not root.
const OTHER: u32 = 65534;

/// Another user, if this user can make files for that user.
fn other() -> Option<u32> {
    let us = rustix::process::geteuid();
    if !us.is_root() {
        eprintln!("skipped: only root can give folders to another user");
    }
    us.is_root().then_some(OTHER)
}

fn site() -> Site {
    let mut site = Site::new();
    site.component("net", "resource \"terraform_data\" \"net\" { input = 1 }\n", json!({}));
    site.component("app", "resource \"terraform_data\" \"app\" { input = 1 }\n", json!({}));
    site
}

fn root(site: &Site) -> PathBuf {
    site.folder.path().join("root")
}

/// Everything below a folder, with the folder itself: the owner, the mode, and the text of files.
fn tree(folder: &Path) -> Vec<(PathBuf, u32, u32, Vec<u8>)> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let text = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        found.push((path, meta.uid(), meta.mode(), text));
    }
    found.sort();
    found
}

fn mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

/// The error of the call, or of `net`.
fn refusal(report: &Value) -> &Value {
    let error =
        [&report["error"], &report["components"]["net"]["error"]].into_iter().find(|one| one.is_object());
    error.unwrap_or_else(|| panic!("nothing was refused: {report:#}"))
}

#[test]
fn a_folder_writable_by_others_and_a_link_are_refused_before_anything_is_written() {
    let site = site();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let staging = root(&site).join("staging");
    let elsewhere = site.folder.path().join("elsewhere");
    // For a folder of the environment, nothing is written. For a folder of one component, the other component is
    // applied.
    for (name, whole) in
        [("", true), (".eos", true), (".eos/runs", true), ("net", false), ("net/module", false)]
    {
        let folder = staging.join(name);
        mode(&folder, 0o770);
        let before = tree(&staging.join("net"));
        let report = site.run("orchestrate", json!({}));
        let error = refusal(&report);
        assert_eq!(error["code"], "folder_not_trusted", "{report:#}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("0770") && message.contains(folder.to_str().unwrap().trim_end_matches('/')),
            "{message}"
        );
        assert!(error["remedy"].as_str().unwrap().contains("chmod -R go-w"), "{error}");
        assert_eq!(tree(&staging.join("net")), before);
        match whole {
            true => {
                assert!(report["components"].as_object().is_none_or(serde_json::Map::is_empty), "{report:#}")
            }
            false => assert_eq!(statuses(&report)["app"], "unchanged", "{report:#}"),
        }
        mode(&folder, 0o700);

        fs::rename(&folder, &elsewhere).unwrap();
        symlink(&elsewhere, staging.join(name).to_str().unwrap().trim_end_matches('/')).unwrap();
        let before = tree(&elsewhere);
        let report = site.run("orchestrate", json!({}));
        let message = refusal(&report)["message"].as_str().unwrap();
        assert!(message.contains("symbolic link"), "{message}");
        assert_eq!(tree(&elsewhere), before);
        fs::remove_file(folder.to_str().unwrap().trim_end_matches('/')).unwrap();
        fs::rename(&elsewhere, &folder).unwrap();
    }
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
}

#[test]
fn a_folder_of_another_user_is_refused_with_its_owner_and_the_command() {
    let Some(other) = other() else { return };
    let site = site();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    for name in ["staging", "staging/.eos/components/net", "staging/net"] {
        let folder = root(&site).join(name);
        chown(&folder, Some(other), None).unwrap();
        let before = tree(&folder);
        for operation in ["orchestrate", "destroy", "outputs", "drift"] {
            let mut arguments = json!({ "components": "net" });
            if operation == "destroy" {
                arguments["confirm"] = json!("staging");
            }
            let report = site.run(operation, arguments);
            let error = refusal(&report);
            assert_eq!(error["code"], "folder_not_trusted", "{operation} {name}: {report:#}");
            assert_eq!(error["details"]["mode"], "0700", "{report:#}");
            let remedy = error["remedy"].as_str().unwrap();
            assert!(remedy.contains(&format!("chown -R root {}", folder.display())), "{remedy}");
        }
        assert_eq!(tree(&folder).len(), before.len());
        chown(&folder, Some(0), None).unwrap();
    }
}

#[test]
fn a_root_in_which_others_can_rename_folders_is_refused_and_a_sticky_one_is_not() {
    let site = site();
    fs::create_dir(root(&site)).unwrap();
    mode(&root(&site), 0o777);
    assert_eq!(refusal(&site.run("orchestrate", json!({})))["code"], "folder_not_trusted");
    assert_eq!(fs::read_dir(root(&site)).unwrap().count(), 0);
    mode(&root(&site), 0o1777);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
}

#[test]
fn files_made_by_root_below_the_folder_of_another_user_are_given_to_that_user() {
    let Some(other) = other() else { return };
    let mut site = site();
    let main = "resource \"terraform_data\" \"net\" { input = 1 }\nresource \"terraform_data\" \"x\" {\n  \
                provisioner \"local-exec\" { command = \"mkdir made && touch made/file && ln -s /etc/passwd made/link\" }\n}\n";
    site.component("net", main, json!({}));
    fs::create_dir(root(&site)).unwrap();
    chown(root(&site), Some(other), Some(other)).unwrap();
    let all_given = |when: &str| {
        for (path, owner, ..) in tree(&root(&site)) {
            assert_eq!(owner, other, "{when}: {}", path.display());
        }
    };
    let passwd = fs::metadata("/etc/passwd").unwrap().uid();
    for (operation, arguments) in [
        ("orchestrate", json!({})),
        ("plan", json!({})),
        ("drift", json!({})),
        ("outputs", json!({})),
        ("destroy", json!({ "confirm": "staging" })),
    ] {
        let report = site.run(operation, arguments);
        assert!(report["error"].is_null(), "{operation}: {report:#}");
        all_given(operation);
    }
    assert_eq!(fs::metadata("/etc/passwd").unwrap().uid(), passwd);
}

#[test]
fn files_of_an_earlier_root_run_are_given_to_the_owner_except_hard_links() {
    let Some(other) = other() else { return };
    let site = site();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    chown(root(&site), Some(other), Some(other)).unwrap();
    let outside = site.folder.path().join("outside");
    fs::write(&outside, "of root").unwrap();
    fs::hard_link(&outside, root(&site).join("staging/net/module/hard")).unwrap();
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(fs::metadata(&outside).unwrap().uid(), 0);
    for (path, owner, ..) in tree(&root(&site)) {
        assert_eq!(owner, if path.ends_with("module/hard") { 0 } else { other }, "{}", path.display());
    }
}
