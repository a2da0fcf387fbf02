//! The file operations of a process and its children, as strace wrote them down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a process asked of the file system. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    MakeFolder(PathBuf),
    /// A file is opened for writing, and made if it does not exist.
    Open {
        path: PathBuf,
        truncate: bool,
        append: bool,
    },
    /// At this position, or where the last write ended.
    Write {
        path: PathBuf,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    Seek {
        path: PathBuf,
        to: usize,
    },
    SetLength {
        path: PathBuf,
        to: usize,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Symlink {
        target: PathBuf,
        path: PathBuf,
    },
    Remove(PathBuf),
    Sync(PathBuf),
}

/// Every call that changes a file system or syncs it. strace refuses a name that it does not know.
const CALLS: &str = "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,lseek,ftruncate,truncate,fallocate,\
                     rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,\
                     fsync,fdatasync,syncfs,sync,sync_file_range,msync,copy_file_range,sendfile";

/// Whether this machine has strace, and this user may use it.
pub fn is_possible() -> bool {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    traced.is_ok_and(|status| status.success())
}

/// Runs the command, and returns what it and its children did below `folder`, in order.
pub fn operations(command: &Command, folder: &Path) -> Vec<Operation> {
    let written = tempfile::NamedTempFile::new().unwrap();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-xx", "-s", "100000000", "--seccomp-bpf", "-e", "signal=none", "-e"]);
    traced.arg(format!("trace={CALLS}")).arg("-o").arg(written.path()).arg("--");
    traced.arg(command.get_program()).args(command.get_args());
    command.get_envs().for_each(|(name, value)| {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    });
    let status = traced.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{status}");
    let text = std::fs::read_to_string(written.path()).unwrap();
    calls(&text).iter().flat_map(Call::operations).filter(|operation| operation.is_below(folder)).collect()
}

/// One system call that succeeded.
struct Call {
    name: String,
    arguments: String,
    result: usize,
}

/// A call that another process interrupted has two lines, and counts from its end.
fn calls(text: &str) -> Vec<Call> {
    let mut begun: BTreeMap<&str, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let (pid, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(pid, start.to_owned());
        } else if let Some((_, end)) =
            rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>"))
        {
            let start = begun.remove(pid).unwrap();
            calls.extend(Call::read(&(start + end)));
        } else {
            calls.extend(Call::read(rest));
        }
    }
    calls
}

impl Call {
    /// None for a line that is no call, and for a call that failed.
    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(") = ").or_else(|| {
            // strace aligns the results of short calls.
            let (arguments, result) = rest.rsplit_once(" = ")?;
            Some((arguments.trim_end().strip_suffix(')')?, result))
        })?;
        let end = result.find(|mark: char| !mark.is_ascii_digit()).unwrap_or(result.len());
        let result = result[..end].parse().ok()?;
        Some(Self { name: name.to_owned(), arguments: arguments.to_owned(), result })
    }

    fn operations(&self) -> Vec<Operation> {
        match self.name.as_str() {
            "open" | "openat" | "creat" => self.opened().into_iter().collect(),
            "write" | "writev" => self.written(None),
            "pwrite64" | "pwritev" | "pwritev2" => {
                let position = if self.name == "pwritev2" { 1 } else { 0 };
                let at = self.arguments.rsplit(", ").nth(position).unwrap().parse().unwrap();
                self.written(Some(at))
            }
            "lseek" => match self.arguments.rsplit(", ").next() {
                Some("SEEK_CUR") => Vec::new(),
                _ => self.of_file(|path| Operation::Seek { path, to: self.result }),
            },
            "ftruncate" => {
                let to = self.arguments.rsplit(", ").next().unwrap().parse().unwrap();
                self.of_file(|path| Operation::SetLength { path, to })
            }
            "mkdir" | "mkdirat" => vec![Operation::MakeFolder(self.paths().remove(0))],
            "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
                let [from, to] = self.paths().try_into().unwrap();
                vec![match self.name.starts_with("rename") {
                    true => Operation::Rename { from, to },
                    false => Operation::Link { from, to },
                }]
            }
            "symlink" | "symlinkat" => {
                let target = PathBuf::from(text(&strings(&self.arguments)[0]));
                vec![Operation::Symlink { target, path: self.paths().pop().unwrap() }]
            }
            "unlink" | "unlinkat" | "rmdir" => vec![Operation::Remove(self.paths().remove(0))],
            "fsync" | "fdatasync" => self.of_file(Operation::Sync),
            "fallocate" if self.arguments.contains("FALLOC_FL_KEEP_SIZE") => Vec::new(),
            // The others are not used below a root. If they are, this test has to learn them.
            _ => self.of_file(|path| panic!("{} of {}", self.name, path.display())),
        }
    }

    fn opened(&self) -> Option<Operation> {
        let flags = &self.arguments;
        let has = |flag| flags.contains(flag);
        let is_written = self.name == "creat" || has("O_WRONLY") || has("O_RDWR");
        // A process reads the kernel's files by relative paths too.
        (is_written && !has("O_TMPFILE")).then(|| Operation::Open {
            path: self.paths().remove(0),
            truncate: self.name == "creat" || has("O_TRUNC"),
            append: has("O_APPEND"),
        })
    }

    fn written(&self, at: Option<usize>) -> Vec<Operation> {
        let mut bytes = strings(&self.arguments).concat();
        bytes.truncate(self.result);
        self.of_file(|path| Operation::Write { path, at, bytes })
    }

    /// An operation on the file of the first descriptor. Nothing for a file without a name, such as a pipe.
    fn of_file(&self, make: impl FnOnce(PathBuf) -> Operation) -> Vec<Operation> {
        let Some((_, rest)) = self.arguments.split_once('<') else { return Vec::new() };
        let Some((path, rest)) = rest.split_once('>') else { return Vec::new() };
        let path = text(&unescaped(path));
        match path.starts_with('/') && !rest.starts_with("(deleted)") {
            true => vec![make(path.into())],
            false => Vec::new(),
        }
    }

    /// The paths among the arguments. A relative path comes after the descriptor of its folder.
    fn paths(&self) -> Vec<PathBuf> {
        let names = strings(&self.arguments);
        let names = match self.name.starts_with("symlink") {
            true => &names[1..],
            false => &names[..],
        };
        let folders: Vec<_> =
            self.arguments.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
        let path = |(position, name): (usize, &Vec<u8>)| {
            let folder = folders.get(position).map(|folder| text(&unescaped(folder)));
            PathBuf::from(folder.unwrap_or_default()).join(text(name))
        };
        names.iter().enumerate().map(path).collect()
    }
}

impl Operation {
    fn is_below(&self, folder: &Path) -> bool {
        match self {
            Self::MakeFolder(path) | Self::Remove(path) | Self::Sync(path) => path.starts_with(folder),
            Self::Open { path, .. }
            | Self::Write { path, .. }
            | Self::Seek { path, .. }
            | Self::SetLength { path, .. }
            | Self::Symlink { path, .. } => path.starts_with(folder),
            Self::Rename { from, to } | Self::Link { from, to } => {
                assert_eq!(from.starts_with(folder), to.starts_with(folder), "{self:?}");
                from.starts_with(folder)
            }
        }
    }
}

/// The texts between quotation marks.
fn strings(arguments: &str) -> Vec<Vec<u8>> {
    arguments.split('"').skip(1).step_by(2).map(unescaped).collect()
}

/// `\x2f\x74` to bytes.
fn unescaped(text: &str) -> Vec<u8> {
    let byte = |hex: &str| u8::from_str_radix(hex, 16).unwrap_or_else(|_| panic!("{text}"));
    text.split("\\x").skip(1).map(byte).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
