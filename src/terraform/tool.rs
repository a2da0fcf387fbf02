//! Finds the terraform program, reads its version, and checks it against the settings.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{self, Dialect, Version, VersionConstraint};
use crate::process::{self, Cancel, Cause, Command, Guardian, Limits};

/// The most time for `version`, which takes 33 ms. A program that needs more time is not terraform.
const PATIENCE: Duration = Duration::from_secs(30);
const INSTALL: &str = "install terraform (https://developer.hashicorp.com/terraform/install) or tofu \
                       (https://opentofu.org/docs/intro/install), or set infrastructure:settings:terraform:binary";

#[derive(Clone, Debug)]
pub struct Tool {
    pub path: PathBuf,
    pub product: Product,
    pub version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Terraform,
    OpenTofu,
}

impl Product {
    /// For a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terraform => "Terraform",
            Self::OpenTofu => "OpenTofu",
        }
    }

    /// The key of its version in a report.
    pub fn key(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::OpenTofu => "opentofu",
        }
    }
}

impl Tool {
    /// The version, and for OpenTofu also the name: both programs have versions such as 1.10.5.
    pub fn identity(&self) -> String {
        match self.product {
            Product::Terraform => self.version.to_string(),
            Product::OpenTofu => format!("opentofu {}", self.version),
        }
    }

    /// `removed` blocks with `lifecycle { destroy }`.
    pub fn removes_from_states(&self) -> bool {
        match self.product {
            Product::Terraform => self.version.is_since(1, 7),
            Product::OpenTofu => self.version.is_since(1, 10),
        }
    }

    /// A destroy with OpenTofu fails if the module keeps an object, unless it is told not to. Since then, a module can.
    pub fn suppresses_forget_errors(&self) -> bool {
        self.product == Product::OpenTofu && self.version.is_since(1, 12)
    }

    /// Variables in the sources of child modules: an init needs their values.
    pub fn evaluates_sources(&self) -> bool {
        self.product == Product::OpenTofu && self.version.is_since(1, 8)
    }

    /// An ephemeral variable that was null in the plan is null again in the apply for OpenTofu. For Terraform it was
    /// not set, and must not be set later.
    pub fn takes_null_again(&self) -> bool {
        self.product == Product::OpenTofu
    }

    /// Which files it reads. OpenTofu reads `.tofu` files since 1.8.
    pub fn dialect(&self) -> Dialect {
        match self.product {
            Product::OpenTofu if self.version.is_since(1, 8) => Dialect::OpenTofu,
            Product::OpenTofu | Product::Terraform => Dialect::Terraform,
        }
    }

    /// Finds the program and checks its version. Every error says what to do.
    pub async fn locate(
        settings: &model::TerraformSettings,
        guardian: &Guardian,
        cancel: &Cancel,
    ) -> Result<Self> {
        Self::locate_within(PATIENCE, settings, guardian, cancel).await
    }

    /// The same, with less time for the program to tell its version.
    pub async fn locate_within(
        patience: Duration,
        settings: &model::TerraformSettings,
        guardian: &Guardian,
        cancel: &Cancel,
    ) -> Result<Self> {
        let path = find(&settings.binary)?;
        let version_output = ask(&path, patience, guardian, cancel).await?;
        let (product, version) = understand(&path, &version_output)?;
        for constraint in [&VersionConstraint::oldest(), &settings.version] {
            if !constraint.allows(&version) {
                let message =
                    format!("{} has version {version}, but {constraint} is required", path.display());
                return Err(refused(
                    Code::TerraformVersion,
                    message,
                    "install another version, or change infrastructure:settings:terraform (binary, version)",
                ));
            }
        }
        Ok(Self { path, product, version })
    }
}

/// The program's file. If it is unchanged, its version is unchanged too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryIdentity {
    pub path: PathBuf,
    pub size: u64,
    /// Seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
}

impl BinaryIdentity {
    /// Finds the program of these settings. Starts no process.
    pub fn of(settings: &model::TerraformSettings) -> Result<Self> {
        let path = find(&settings.binary)?;
        let meta = path.metadata().map_err(|error| Error::file(&path, "read", error))?;
        Ok(Self { size: meta.size(), modified: (meta.mtime(), meta.mtime_nsec()), path })
    }
}

fn refused(code: Code, message: String, remedy: &'static str) -> Error {
    Error::new(Layer::Terraform, Phase::Preparation, code, message, remedy)
}

fn find(binary: &str) -> Result<PathBuf> {
    let candidates: Vec<PathBuf> = match binary.contains('/') {
        true => vec![binary.into()],
        false => std::env::var_os("PATH")
            .map(|path| std::env::split_paths(&path).map(|folder| folder.join(binary)).collect())
            .unwrap_or_default(),
    };
    let present = || candidates.iter().filter(|path| path.is_file());
    let executable = |path: &Path| path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0);
    match (present().find(|path| executable(path)), present().next()) {
        (Some(found), _) => Ok(std::path::absolute(found).unwrap_or_else(|_| found.clone())),
        (None, Some(plain)) => {
            let message = format!("{} is not executable", plain.display());
            Err(refused(
                Code::TerraformNotExecutable,
                message,
                "make it executable for the user that runs Salt",
            ))
        }
        (None, None) => {
            let nowhere = if binary.contains('/') { "does not exist" } else { "is not on PATH" };
            Err(refused(Code::TerraformMissing, format!("{binary} {nowhere}"), INSTALL))
        }
    }
}

async fn ask(path: &Path, patience: Duration, guardian: &Guardian, cancel: &Cancel) -> Result<String> {
    let folder =
        tempfile::tempdir().map_err(|error| Error::file(&std::env::temp_dir(), "write to", error))?;
    let passed = |name: &str| std::env::var_os(name).map(|value| (name.into(), value));
    let fixed = [("CHECKPOINT_DISABLE", "1"), ("TF_CLI_CONFIG_FILE", "/dev/null")];
    let env: BTreeMap<_, _> = ["PATH", "TMPDIR"]
        .into_iter()
        .filter_map(passed)
        .chain(fixed.map(|(name, value)| (name.into(), value.into())))
        .chain([("HOME".into(), folder.path().into())])
        .chain([super::environment::GARBAGE_COLLECTION.map(Into::into).into()])
        .collect();
    let command = Command {
        program: path.to_owned(),
        args: super::words(&["version", "-json"]),
        cwd: folder.path().to_owned(),
        env,
        stdout: folder.path().join("stdout"),
        stderr: folder.path().join("stderr"),
        room: super::ROOM,
        stdin: None,
        lock: None,
    };
    let limits = Limits { timeout: patience, stop_grace: Duration::from_secs(2) };
    let mut version_output = String::new();
    let exit =
        process::run(&command, &limits, guardian, cancel, &mut |line| version_output.push_str(line)).await?;
    let program = path.display();
    match exit.stopped {
        Some(Cause::Timeout) => {
            let within = humantime::format_duration(patience);
            let message = format!("{program} version did not answer within {within}");
            return Err(refused(Code::TerraformHangs, message, INSTALL));
        }
        Some(Cause::User | Cause::LockLost | Cause::LeaseExpiring) => {
            return Err(Error::new(
                Layer::Host,
                Phase::Preparation,
                Code::Cancelled,
                "stopped on request before anything ran",
                "run again",
            ));
        }
        None => {}
    }
    if exit.code != Some(0) {
        let message = format!("{program} version failed: {}", shorten(&exit.stderr_tail));
        return Err(refused(Code::TerraformGarbage, message, INSTALL));
    }
    Ok(version_output)
}

fn understand(path: &Path, version_output: &str) -> Result<(Product, Version)> {
    let document: Value = serde_json::from_str(version_output).unwrap_or_default();
    let version = document["terraform_version"].as_str().and_then(Version::parse).ok_or_else(|| {
        let message = format!(
            "the output of {} is not that of a terraform: {}",
            path.display(),
            shorten(version_output)
        );
        refused(Code::TerraformGarbage, message, INSTALL)
    })?;
    // Only terraform reports whether it is outdated.
    let product = match document.get("terraform_outdated") {
        Some(_) => Product::Terraform,
        None => Product::OpenTofu,
    };
    Ok((product, version))
}

fn shorten(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}
