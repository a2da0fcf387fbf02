//! The environment of a terraform: the variables that Eos sets, and few others.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use crate::model::TERRAFORM_VARIABLES as OURS;

/// Variables that are passed on if they are set. They say how to find programs and how to reach the network.
const PASSED: &[&str] = &[
    "PATH",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
];

/// Terraform's garbage collector then runs less often. For a small module it does not run at all: a plan takes 45 ms of
/// processor time, 55 ms with 400, and 65 ms with Go's default of 100. The version takes 36 ms instead of 52.
pub(super) const GARBAGE_COLLECTION: [&str; 2] = ["GOGC", "500"];

/// The folders of a terraform.
pub struct TerraformFolders {
    pub home: PathBuf,
    pub data: PathBuf,
    pub cli_config: Option<PathBuf>,
}

/// Returns the whole environment of a terraform. The settings were checked: they contain no variable of [`OURS`].
/// Neither does what is passed on, so an inherited variable never changes a command.
/// `declared` has priority over variables that are passed on.
pub fn environment(
    ours: impl Iterator<Item = (OsString, OsString)>,
    declared: impl Iterator<Item = (String, String)>,
    pass: &BTreeSet<String>,
    folders: &TerraformFolders,
) -> BTreeMap<OsString, OsString> {
    let passed =
        |name: &OsString| name.to_str().is_some_and(|name| PASSED.contains(&name) || pass.contains(name));
    let mut all: BTreeMap<OsString, OsString> = ours.filter(|(name, _)| passed(name)).collect();
    let [name, value] = GARBAGE_COLLECTION;
    all.entry(name.into()).or_insert(value.into());
    all.extend(declared.into_iter().map(|(name, value)| (name.into(), value.into())));
    let no_config = PathBuf::from("/dev/null");
    // One value for each name of OURS.
    let fixed: [(&str, OsString); OURS.len()] = [
        ("HOME", folders.home.clone().into()),
        ("TF_DATA_DIR", folders.data.clone().into()),
        ("TF_CLI_CONFIG_FILE", folders.cli_config.clone().unwrap_or(no_config).into()),
        ("TF_IN_AUTOMATION", "1".into()),
        ("TF_INPUT", "0".into()),
        ("CHECKPOINT_DISABLE", "1".into()),
    ];
    all.extend(fixed.map(|(name, value)| (name.into(), value)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(ours: &[(&str, &str)], declared: &[(&str, &str)], pass: &[&str]) -> BTreeMap<OsString, OsString> {
        let folders = TerraformFolders { home: "/h".into(), data: "/d".into(), cli_config: None };
        environment(
            ours.iter().map(|&(name, value)| (name.into(), value.into())),
            declared.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())),
            &pass.iter().map(|&name| name.to_owned()).collect(),
            &folders,
        )
    }

    #[test]
    fn variables_that_change_terraforms_commands_are_never_inherited() {
        let ours =
            [("TF_CLI_ARGS_plan", "-destroy"), ("TF_WORKSPACE", "x"), ("TF_VAR_a", "1"), ("PATH", "/bin")];
        let all = made(&ours, &[], &[]);
        assert_eq!(all.get(&OsString::from("PATH")), Some(&"/bin".into()));
        assert!(!all.keys().any(|name| ours[..3].iter().any(|(refused, _)| name == *refused)));
        assert_eq!(all[&OsString::from("TF_CLI_CONFIG_FILE")], "/dev/null");
    }

    #[test]
    fn a_declared_value_wins_over_a_passed_one() {
        let all = made(&[("AWS_REGION", "a")], &[("AWS_REGION", "b")], &["AWS_REGION"]);
        assert_eq!(all[&OsString::from("AWS_REGION")], "b");
    }

    #[test]
    fn how_often_go_collects_its_garbage_is_said_and_a_declared_or_passed_value_wins() {
        let gogc = |declared: &[(&str, &str)], pass: &[&str]| {
            made(&[("GOGC", "50")], declared, pass).remove(&OsString::from("GOGC")).unwrap()
        };
        assert_eq!(gogc(&[], &[]), "500");
        assert_eq!(gogc(&[("GOGC", "100")], &[]), "100");
        assert_eq!(gogc(&[], &["GOGC"]), "50");
    }
}
