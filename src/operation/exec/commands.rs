//! Runs one terraform: its streams, its environment, and the requests to stop it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;

use super::Invoker;
use super::command_output::CommandOutput;
use crate::error::{Error, Result};
use crate::lock::{Holder, LockGuard};
use crate::process::{self, Cancel, Cause, Command, Exit, Limits};
use crate::record::BackendLockMarker;
use crate::terraform::{self, Diagnostic, Event, ROOM};
use crate::workdir::remove;

impl Invoker<'_> {
    /// Runs one command that writes the `-json` stream. `room`: bytes to reserve on the disk for it.
    pub async fn stream(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
        room: u64,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<CommandOutput> {
        let mut diagnostics = Vec::new();
        let mut unreadable = None;
        let locking = self.begin_locking(step)?;
        let exit = self
            .run(step, arguments, timeout, room, &mut |line| match terraform::parse(line) {
                Ok(Event::Diagnostic(diagnostic)) => diagnostics.push(self.redact(diagnostic)),
                Ok(event) => on_event(&event),
                Err(error) => unreadable = Some(error),
            })
            .await?;
        // It ended by itself, so it has released the backend's lock.
        if locking && exit.code.is_some() {
            remove(&self.context.paths.locking())?;
        }
        match unreadable {
            Some(error) => Err(error),
            None => {
                self.keep_warnings(&diagnostics, matches!(exit.code, Some(0 | 2)));
                Ok(CommandOutput { exit, diagnostics })
            }
        }
    }

    /// Records that terraform takes a remote backend's lock. A record of a killed terraform is not overwritten.
    fn begin_locking(&self, step: &str) -> Result<bool> {
        let path = self.context.paths.locking();
        if self.context.state().is_some() || self.context.paths.is_for_drift_check() || path.exists() {
            return Ok(false);
        }
        let marker = BackendLockMarker {
            run_id: self.context.session.call.run_id.clone(),
            step: step.to_owned(),
            started: humantime::format_rfc3339_nanos(SystemTime::now()).to_string(),
            host: Holder::here().host,
        };
        marker.write(&path).map(|()| true)
    }

    /// Runs one command whose stdout is one document. The file with it is removed after it was read.
    pub async fn document(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
    ) -> Result<(Exit, Vec<u8>)> {
        let exit = self.run(step, arguments, timeout, ROOM, &mut |_| {}).await?;
        let path = self.stdout(step);
        let text = fs::read(&path).map_err(|error| Error::file(&path, "read", error))?;
        // It contains a state or a plan in clear.
        fs::remove_file(&path).map_err(|error| Error::file(&path, "remove", error))?;
        Ok((exit, text))
    }

    /// Runs one command whose output is for people.
    pub async fn plain(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
    ) -> Result<CommandOutput> {
        let mut stdout = String::new();
        let exit = self
            .run(step, arguments, timeout, ROOM, &mut |line| {
                stdout.push_str(line.trim_end());
                stdout.push('\n');
            })
            .await?;
        let said = terraform::plain_warnings(&stdout);
        self.keep_warnings(&said.into_iter().map(|one| self.redact(one)).collect::<Vec<_>>(), false);
        Ok(CommandOutput { exit, diagnostics: Vec::new() })
    }

    async fn run(
        &self,
        step: &str,
        arguments: Vec<OsString>,
        timeout: Duration,
        room: u64,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Exit> {
        tracing::debug!("{}: terraform {step}", self.context.component.name);
        let arguments = self.with_sources(step, arguments);
        let command = Command {
            program: self.context.session.call.tool.path.clone(),
            stdin: self.secrets_for(step, &arguments),
            lock: self.context.lock.map(LockGuard::of_terraform),
            args: arguments,
            cwd: self.cwd.clone(),
            env: self.environment(),
            stdout: self.stdout(step),
            stderr: self.logs.join(format!("{step}.stderr")),
            room,
        };
        let limits = Limits { timeout, stop_grace: self.context.component.timeouts.stop_grace };
        self.has_started.set(false);
        self.make_folders()?;
        let child = process::start(&command, &limits, &self.context.session.call.guardian)?;
        self.has_started.set(true);
        let exit = if self.saving.get() {
            child.finish(&limits, &Cancel::new(), on_line).await
        } else {
            let run = child.finish(&limits, &self.cancel, on_line);
            tokio::pin!(run);
            tokio::select! {
                biased;
                exit = &mut run => exit,
                never = self.pass_on() => match never {},
            }
        };
        self.narrow(step == "init");
        self.context
            .session
            .call
            .layout
            .give_terraforms(self.context.paths, &self.context.session.call.run_id);
        exit
    }

    /// Asks this component's terraform to stop if the run is stopped, if the lock is lost, or before credentials
    /// expire.
    async fn pass_on(&self) -> Infallible {
        let asked = async { self.cancel.cancel(self.context.session.call.cancel.cancelled().await) };
        let forced = async {
            self.context.session.call.cancel.forced().await;
            self.cancel.force();
        };
        let lost = async {
            if let Some(lock) = self.context.lock {
                self.ends_for(lock.lost().await);
                self.cancel.cancel(Cause::LockLost);
            }
        };
        let expiring = async {
            self.ends_for(self.context.reader.expiring().await);
            self.cancel.cancel(Cause::LeaseExpiring);
        };
        tokio::join!(asked, forced, lost, expiring);
        std::future::pending().await
    }

    fn ends_for(&self, error: Error) {
        tracing::error!(repeated = true, "{}: {error}", self.context.component.name);
        self.ends_for.replace(error.message.to_string());
    }

    pub(super) fn environment(&self) -> BTreeMap<OsString, OsString> {
        let settings = &self.context.session.blueprint.settings.terraform;
        let declared =
            self.variables.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        terraform::environment(
            std::env::vars_os(),
            declared,
            &settings.pass_env,
            &terraform::TerraformFolders {
                home: self.context.paths.home(),
                data: self.context.paths.data(),
                cli_config: settings.cli_config_file.clone(),
            },
        )
    }

    fn stdout(&self, step: &str) -> PathBuf {
        self.logs.join(format!("{step}.stdout"))
    }

    fn redact(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.summary = self.context.redactor.text(&diagnostic.summary);
        diagnostic.detail = self.context.redactor.text(&diagnostic.detail);
        diagnostic.address = diagnostic.address.map(|address| self.context.redactor.text(&address));
        diagnostic
    }
}
