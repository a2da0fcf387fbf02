//! Runs terraform in one component's workdir: its folder, its environment, its lock, its secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;

use super::session::Session;
use crate::change::Redactor;
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Component;
use crate::process::{self, Cause, Command, CutShort, Exit, Limits};
use crate::render;
use crate::terraform::{self, Diagnostic, Event, Severity};
use crate::workdir::{Place, ensure_private};

/// The numbers that terraform finds its inherited descriptors under; low ones are the runtime's.
const LOCK_FD: RawFd = 20;
const SECRETS_FD: RawFd = 21;

/// The code of an error that is no failure: somebody asked us to stop.
pub const CANCELLED: &str = "cancelled";

pub struct Invoker<'a> {
    pub session: &'a Session,
    pub component: &'a Component,
    pub place: &'a Place,
    pub redactor: Redactor,
    cwd: PathBuf,
    logs: PathBuf,
    lock: Option<BorrowedFd<'a>>,
    secrets: Option<OwnedFd>,
}

/// What a finished command said.
pub struct Said {
    pub exit: Exit,
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> Invoker<'a> {
    /// `lock` is inherited by terraform, so that it stays held while terraform lives, whatever becomes of us.
    pub fn new(
        session: &'a Session,
        component: &'a Component,
        place: &'a Place,
        subdir: &str,
        lock: Option<BorrowedFd<'a>>,
    ) -> Result<Self> {
        let logs = session.layout.run(&session.run_id).join(&component.name);
        ensure_private(&logs)?;
        ensure_private(&place.home())?;
        let from_environment: Vec<Value> = session
            .environment
            .iter()
            .filter(|(name, _)| session.is_reference(name))
            .map(|(_, value)| value.expose_secret().into())
            .collect();
        Ok(Self {
            session,
            component,
            place,
            redactor: Redactor::new(&from_environment),
            cwd: place.module().join(subdir),
            logs,
            lock,
            secrets: None,
        })
    }

    /// Hands secret variables over in memory, under a name that Terraform takes for a JSON file.
    pub fn hand_over(&mut self, secrets: &BTreeMap<String, Value>) -> Result<()> {
        self.redactor.add(secrets.values());
        if secrets.is_empty() {
            return Ok(());
        }
        let refuse =
            |error: std::io::Error| Error::file(&self.place.secrets(), "hand secrets over by", &error);
        let memory = rustix::fs::memfd_create("eos-variables", rustix::fs::MemfdFlags::CLOEXEC)
            .map_err(|error| refuse(error.into()))?;
        let mut file = fs::File::from(memory);
        let values = secrets.iter().map(|(name, value)| (name.as_str(), value)).collect();
        file.write_all(render::tfvars(&values).as_bytes()).map_err(refuse)?;
        match std::os::unix::fs::symlink(format!("/proc/self/fd/{SECRETS_FD}"), self.place.secrets()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(refuse(error)),
            _ => {}
        }
        self.secrets = Some(file.into());
        Ok(())
    }

    /// The files that a plan reads its variables from.
    pub fn variable_files(&self) -> Vec<PathBuf> {
        let secrets = self.secrets.as_ref().map(|_| self.place.secrets());
        std::iter::once(self.place.variables()).chain(secrets).collect()
    }

    /// `-state=`, where the state is local; Terraform's own default would be the module's folder.
    pub fn state(&self) -> Option<PathBuf> {
        self.component.backend.is_local().then(|| self.place.state())
    }

    /// Where the plan of this run is kept until it is applied.
    pub fn plan_file(&self) -> PathBuf {
        self.logs.join("tfplan")
    }

    /// Runs one command that speaks the `-json` stream.
    pub async fn stream(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Said> {
        let mut diagnostics = Vec::new();
        let mut unreadable = None;
        let exit = self
            .run(step, arguments, timeout, &mut |line| match terraform::parse(line) {
                Ok(Event::Diagnostic(diagnostic)) => diagnostics.push(self.redact(diagnostic)),
                Ok(event) => on_event(&event),
                Err(error) => unreadable = Some(error),
            })
            .await?;
        match unreadable {
            Some(error) => Err(error),
            None => Ok(Said { exit, diagnostics }),
        }
    }

    /// Runs one command whose whole stdout is one document, which is removed when it is read.
    pub async fn document(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
    ) -> Result<(Exit, Vec<u8>)> {
        let exit = self.run(step, arguments, timeout, &mut |_| {}).await?;
        let path = self.stdout(step);
        let text = fs::read(&path).map_err(|error| Error::file(&path, "read", &error))?;
        // It holds a state or a plan in clear.
        fs::remove_file(&path).map_err(|error| Error::file(&path, "remove", &error))?;
        Ok((exit, text))
    }

    /// Runs one command whose words are for people.
    pub async fn plain(&self, step: &str, arguments: Vec<OsString>, timeout: Duration) -> Result<Said> {
        let exit = self.run(step, arguments, timeout, &mut |_| {}).await?;
        Ok(Said { exit, diagnostics: Vec::new() })
    }

    async fn run(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Exit> {
        tracing::debug!("{}: terraform {step}", self.component.name);
        let inherit = [
            (self.lock.map(|fd| fd.as_raw_fd()), LOCK_FD),
            (self.secrets.as_ref().map(AsRawFd::as_raw_fd), SECRETS_FD),
        ];
        let command = Command {
            program: self.session.tool.path.clone(),
            args: arguments,
            cwd: self.cwd.clone(),
            env: self.environment()?,
            stdout: self.stdout(step),
            stderr: self.logs.join(format!("{step}.stderr")),
            inherit: inherit.into_iter().filter_map(|(fd, number)| fd.map(|fd| (fd, number))).collect(),
        };
        let limits = Limits { timeout, stop_grace: self.component.timeouts.stop_grace };
        process::run(&command, &limits, &self.session.cancel, on_line).await
    }

    fn environment(&self) -> Result<BTreeMap<OsString, OsString>> {
        let settings = &self.session.blueprint.settings.terraform;
        let declared = self
            .session
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        terraform::environment(
            std::env::vars_os(),
            declared,
            &settings.pass_env,
            &terraform::Folders {
                home: self.place.home(),
                data: self.place.data(),
                cli_config: settings.cli_config_file.clone(),
            },
        )
    }

    fn stdout(&self, step: &str) -> PathBuf {
        self.logs.join(format!("{step}.stdout"))
    }

    fn redact(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.summary = self.redactor.text(&diagnostic.summary);
        diagnostic.detail = self.redactor.text(&diagnostic.detail);
        diagnostic
    }

    /// The error of a command that did not end as it should.
    pub fn failure(&self, step: &str, phase: Phase, said: &Said) -> Error {
        let error = match said.exit.stopped {
            Some(Cause::User) => Error::new(
                Layer::Host,
                phase,
                CANCELLED,
                format!("stopped during {step}, as asked"),
                "run again to go on",
            ),
            Some(Cause::Timeout) => Error::new(
                Layer::Host,
                phase,
                "timeout",
                format!("{step} took longer than its timeout; terraform was asked to stop"),
                format!("raise timeouts:{step} in the pillar, or find out what hangs"),
            ),
            None => {
                let errors: Vec<_> =
                    said.diagnostics.iter().filter(|one| one.severity == Severity::Error).cloned().collect();
                let stderr = self.redactor.text(&said.exit.stderr_tail);
                terraform::explain(step, &errors, &said.exit, &stderr)
            }
        };
        let lost = "what was in flight may exist in the world and not in the state";
        let message = match said.exit.cut_short {
            Some(CutShort::Late) => {
                format!("{} It did not end in time and was killed: {lost}.", error.message)
            }
            Some(CutShort::Forced) => format!("{} It was not waited for: {lost}.", error.message),
            None => error.message,
        };
        Error { message, ..error }.during(phase)
    }

    /// Refuses to go on once somebody asked us to stop.
    pub fn go_on(&self, phase: Phase) -> Result<()> {
        match self.session.cancel.cause() {
            None => Ok(()),
            Some(_) => Err(Error::new(
                Layer::Host,
                phase,
                CANCELLED,
                "stopped before it began, as asked",
                "run again to go on",
            )),
        }
    }
}
