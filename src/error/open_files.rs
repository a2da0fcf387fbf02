//! The error of a process that has as many files open as its limit allows.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::{Code, Error, Layer, Phase};
use crate::words::{Words, words};

/// Whether the limit of this process, or of this host, on open files is reached.
pub fn are_too_many(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// The same for an error with causes, such as that of a connection.
pub fn caused(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| cause.downcast_ref::<io::Error>().is_some_and(are_too_many))
}

/// Names the limit. `doing` is the action that failed, such as `start /usr/bin/terraform`.
pub fn error(doing: &str, source: io::Error) -> Error {
    let own_limit = Errno::from_io_error(&source) == Some(Errno::MFILE);
    let (message, remedy) = match getrlimit(Resource::Nofile).current {
        Some(limit) if own_limit => (
            format!("cannot {doing}: {limit} open files are too few"),
            words![
                "raise ",
                Words::shell("ulimit -n"),
                " of the process that runs Eos (in a unit of systemd: LimitNOFILE=), or lower \
                 infrastructure:settings:parallelism"
            ],
        ),
        _ => (
            format!("cannot {doing}: this host has too many open files"),
            words![
                "raise the host's limit (",
                Words::shell("sysctl fs.file-max"),
                "), or end processes that have many files open"
            ],
        ),
    };
    Error::new(Layer::Host, Phase::Preparation, Code::Runtime, Words::own(message), remedy).because(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_limit_and_how_to_raise_it() {
        let error = error("start /bin/terraform", Errno::MFILE.into());
        let limit = getrlimit(Resource::Nofile).current.unwrap();
        assert_eq!(
            error.message,
            format!("cannot start /bin/terraform: {limit} open files are too few").as_str()
        );
        assert!(error.remedy.contains("ulimit -n"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_opened_for_this_reason_has_the_same_error() {
        let error = Error::file(std::path::Path::new("/x"), "write", Errno::MFILE.into());
        assert!(error.message.contains("cannot write /x") && error.remedy.contains("ulimit -n"), "{error}");
    }
}
