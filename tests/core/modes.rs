//! Terraform runs with the caller's umask, and its own files stay closed to other users.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Site, ends_well};

/// Writes for others, beside its own module, and lists the whole root during its apply.
const MAIN: &str = r#"
variable "out" { type = string }
variable "root" { type = string }
module "child" { source = "./child" }
resource "terraform_data" "site" {
  provisioner "local-exec" {
    command = <<-EOT
      mkdir -p '${var.out}/site' '${path.module}/made' && echo hi > '${var.out}/site/index.html'
      find '${var.root}' -printf '%m %y %p\n' > '${var.out}/tree'
    EOT
  }
}
"#;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The files below a folder that a module did not make.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() && !path.ends_with("module/made") {
            files(&path, found);
        } else if meta.is_file() {
            found.push(path);
        }
    }
}

/// The entries that somebody else could read: neither they nor a folder above them, below the root, is closed.
fn open(tree: &str, root: &Path) -> Vec<String> {
    let entry = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let mode = u32::from_str_radix(words.next().unwrap(), 8).unwrap();
        (mode, words.next().unwrap().to_owned(), PathBuf::from(words.next().unwrap()))
    };
    let all: Vec<_> = tree.lines().map(entry).collect();
    let closed = |path: &Path| all.iter().any(|(mode, _, one)| one == path && mode & 0o077 == 0);
    let guarded = |path: &Path| path.ancestors().take_while(|above| *above != root).any(closed);
    let files = all.iter().filter(|(_, kind, path)| kind == "f" && !guarded(path));
    files.map(|(mode, _, path)| format!("{mode:o} {}", path.display())).collect()
}

#[test]
fn a_module_writes_with_the_callers_umask_and_terraforms_files_are_closed_to_others_at_any_time() {
    ends_well(applies_under_several_umasks);
}

#[test]
#[ignore = "its process has another umask"]
fn applies_under_several_umasks() {
    for umask in [0o022, 0o002, 0o000] {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
        let mut site = Site::new();
        let (root, out) = (site.folder.path().join("root"), site.folder.path().join("out"));
        fs::create_dir(&root).unwrap();
        set(&root, 0o755);
        site.component("net", MAIN, json!({ "variables": { "out": out, "root": root } }));
        let child = site.folder.path().join("modules/net/child");
        fs::create_dir(&child).unwrap();
        fs::write(child.join("main.tf"), "resource \"terraform_data\" \"in\" {}\n").unwrap();

        let plan = site.run("plan", json!({}));
        let saved =
            root.join("staging/.eos/plans").join(plan["plan_id"].as_str().unwrap()).join("net.tfplan");
        assert_eq!(mode(&saved), 0o600, "umask {umask:o}");
        let report = site.run("orchestrate", json!({}));
        assert_eq!(report["components"]["net"]["status"], "applied", "{report:#}");
        let made = [out.join("site"), out.join("site/index.html")].map(|path| mode(&path));
        assert_eq!(made, [0o777 & !umask, 0o666 & !umask], "umask {umask:o}");
        let tree = fs::read_to_string(out.join("tree")).unwrap();
        assert!(tree.contains("/net/.terraform.tfstate.lock.info\n"), "{tree}");
        assert_eq!(open(&tree, &root), Vec::<String>::new(), "umask {umask:o}");

        // A run that was killed left this mode. A person opened the folder, in which nobody else can write.
        let (workdir, state) = (site.workdir("net"), site.workdir("net").join("terraform.tfstate"));
        set(&state, 0o644);
        if umask == 0o022 {
            set(&workdir, 0o755);
        }
        let again = site.run("orchestrate", json!({}));
        assert_eq!(again["components"]["net"]["status"], "unchanged", "{again:#}");
        assert_eq!((mode(&workdir), mode(&state)), (0o700, 0o600));
        let mut all = Vec::new();
        files(&root, &mut all);
        let opened: Vec<_> = all.iter().filter(|path| mode(path) & 0o077 != 0).collect();
        assert!(all.len() > 5 && opened.is_empty(), "umask {umask:o}: {opened:?}");
    }
}
