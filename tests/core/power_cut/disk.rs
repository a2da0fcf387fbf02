//! A disk on which only synced data is safe.
//!
//! The model is what POSIX promises. The data of a file is safe when the file is synced, and a name is safe when its
//! folder is synced. Any other change is on the disk or not, independently of all others. A rename is one change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::trace::Operation;

type Id = usize;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// Everything below a folder, by its path from there.
pub type Tree = BTreeMap<PathBuf, Leaf>;

#[derive(Clone)]
enum Node {
    Folder(BTreeMap<String, Id>),
    File(File),
    Link(PathBuf),
}

#[derive(Clone, Default)]
struct File {
    now: Vec<u8>,
    /// The data at the last sync.
    synced: Vec<u8>,
    /// The number of bytes that are certainly on the disk.
    safe: usize,
    position: usize,
    append: bool,
}

/// A change of names that is not safe yet.
#[derive(Clone, Debug)]
struct Change {
    folder: Id,
    name: String,
    becomes: Option<Id>,
    /// A rename also removes this name.
    removed: Option<(Id, String)>,
}

/// How much of the data that was not synced is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// The data at the last sync.
    Old,
    /// Only what is certainly there.
    Least,
    Half,
    Full,
}

#[derive(Clone)]
pub struct Disk {
    folder: PathBuf,
    nodes: Vec<Node>,
    /// For each folder, the names at its last sync.
    safe: BTreeMap<Id, BTreeMap<String, Id>>,
    pending: Vec<Change>,
}

const TOP: Id = 0;

impl Disk {
    /// The present content of a folder. All of it is safe.
    pub fn of(folder: &Path) -> Self {
        let mut disk = Self {
            folder: folder.to_owned(),
            nodes: vec![Node::Folder(BTreeMap::new())],
            safe: BTreeMap::new(),
            pending: Vec::new(),
        };
        for (path, leaf) in tree(folder) {
            let node = match leaf {
                Leaf::Folder => Node::Folder(BTreeMap::new()),
                Leaf::File(bytes) => Node::File(File {
                    safe: bytes.len(),
                    now: bytes.clone(),
                    synced: bytes,
                    ..File::default()
                }),
                Leaf::Link(target) => Node::Link(target),
            };
            let node = disk.add(node);
            let (parent, name) = disk.place(&folder.join(path));
            disk.change(Change { folder: parent, name, becomes: Some(node), removed: None });
        }
        disk.sync_all();
        disk
    }

    fn sync_all(&mut self) {
        self.pending.clear();
        let folders = self.nodes.iter().enumerate().filter_map(|(id, node)| match node {
            Node::Folder(names) => Some((id, names.clone())),
            _ => None,
        });
        self.safe = folders.collect();
    }

    fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn names(&mut self, folder: Id) -> &mut BTreeMap<String, Id> {
        match &mut self.nodes[folder] {
            Node::Folder(names) => names,
            _ => panic!("{folder} is not a folder"),
        }
    }

    /// The node of a path, as every process sees it.
    fn find(&self, path: &Path) -> Option<Id> {
        let below = path.strip_prefix(&self.folder).unwrap();
        below.iter().try_fold(TOP, |folder, name| match &self.nodes[folder] {
            Node::Folder(names) => names.get(name.to_str().unwrap()).copied(),
            _ => None,
        })
    }

    /// The folder of a path, and the name in it.
    fn place(&self, path: &Path) -> (Id, String) {
        let folder =
            self.find(path.parent().unwrap()).unwrap_or_else(|| panic!("no folder for {}", path.display()));
        (folder, path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    fn file(&mut self, path: &Path) -> &mut File {
        let id = self.find(path).unwrap_or_else(|| panic!("no file {}", path.display()));
        match &mut self.nodes[id] {
            Node::File(file) => file,
            _ => panic!("{} is not a file", path.display()),
        }
    }

    fn change(&mut self, change: Change) {
        if let Some((folder, name)) = &change.removed {
            self.names(*folder).remove(name);
        }
        match change.becomes {
            Some(id) => self.names(change.folder).insert(change.name.clone(), id),
            None => self.names(change.folder).remove(&change.name),
        };
        self.pending.push(change);
    }

    fn put(&mut self, path: &Path, node: Node) {
        let id = self.add(node);
        let (folder, name) = self.place(path);
        self.change(Change { folder, name, becomes: Some(id), removed: None });
    }

    pub fn play(&mut self, operation: &Operation) {
        match operation {
            Operation::MakeFolder(path) => self.put(path, Node::Folder(BTreeMap::new())),
            Operation::Symlink { target, path } => self.put(path, Node::Link(target.clone())),
            Operation::Open { path, truncate, append } => {
                if self.find(path).is_none() {
                    self.put(path, Node::File(File::default()));
                }
                let file = self.file(path);
                if *truncate {
                    file.set_length(0);
                }
                (file.position, file.append) = (0, *append);
            }
            Operation::Write { path, at, bytes } => self.file(path).write(*at, bytes),
            Operation::Seek { path, to } => {
                if let Some(Node::File(file)) = self.find(path).map(|id| &mut self.nodes[id]) {
                    file.position = *to;
                }
            }
            Operation::SetLength { path, to } => self.file(path).set_length(*to),
            Operation::Rename { from, to } => {
                let (id, removed, (folder, name)) =
                    (self.find(from).unwrap(), self.place(from), self.place(to));
                self.change(Change { folder, name, becomes: Some(id), removed: Some(removed) });
            }
            Operation::Link { from, to } => {
                let (id, (folder, name)) = (self.find(from).unwrap(), self.place(to));
                self.change(Change { folder, name, becomes: Some(id), removed: None });
            }
            Operation::Remove(path) => {
                let (folder, name) = self.place(path);
                self.change(Change { folder, name, becomes: None, removed: None });
            }
            Operation::Sync(path) => self.sync(path),
        }
    }

    fn sync(&mut self, path: &Path) {
        let id = self.find(path).unwrap_or_else(|| panic!("no {} to sync", path.display()));
        match &mut self.nodes[id] {
            Node::File(file) => {
                (file.synced, file.safe) = (file.now.clone(), file.now.len());
            }
            Node::Folder(_) => {
                let (now, later) = std::mem::take(&mut self.pending).into_iter().partition(|change| {
                    change.folder == id || change.removed.as_ref().is_some_and(|(folder, _)| *folder == id)
                });
                self.pending = later;
                let now: Vec<Change> = now;
                now.iter().for_each(|change| change.apply(&mut self.safe));
            }
            Node::Link(_) => {}
        }
    }

    /// The number of changes of names that may be lost.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// In words, for a person who reads a failure.
    pub fn describe(&self, pending: usize) -> String {
        let Change { folder, name, becomes, .. } = &self.pending[pending];
        format!("{}/{name} {}", self.path(*folder), if becomes.is_some() { "appears" } else { "disappears" })
    }

    fn path(&self, folder: Id) -> String {
        let above = self.nodes.iter().enumerate().find_map(|(above, node)| match node {
            Node::Folder(names) => {
                names.iter().find_map(|(name, id)| (*id == folder).then(|| (above, name.clone())))
            }
            _ => None,
        });
        above.map_or(String::new(), |(above, name)| format!("{}/{name}", self.path(above)))
    }

    /// The files with data that may be lost.
    pub fn unsynced(&self) -> Vec<Id> {
        let dirty = self.nodes.iter().enumerate().filter(|(_, node)| {
            matches!(node, Node::File(file) if file.synced != file.now || file.safe < file.now.len())
        });
        dirty.map(|(id, _)| id).collect()
    }

    /// What every process sees now.
    pub fn now(&self) -> Tree {
        self.cut(|_| true, |_| Data::Full)
    }

    /// A disk after a power cut: with these of the pending changes, and with this much of each file's data.
    pub fn cut(&self, is_kept: impl Fn(usize) -> bool, data: impl Fn(Id) -> Data) -> Tree {
        let mut names = self.safe.clone();
        let kept = self.pending.iter().enumerate().filter(|(number, _)| is_kept(*number));
        kept.for_each(|(_, change)| change.apply(&mut names));
        let mut tree = Tree::new();
        self.walk(TOP, Path::new(""), &names, &data, &mut tree);
        tree
    }

    fn walk(
        &self,
        folder: Id,
        path: &Path,
        all: &BTreeMap<Id, BTreeMap<String, Id>>,
        data: &impl Fn(Id) -> Data,
        tree: &mut Tree,
    ) {
        for (name, id) in all.get(&folder).into_iter().flatten() {
            let path = path.join(name);
            let leaf = match &self.nodes[*id] {
                Node::Folder(_) => Leaf::Folder,
                Node::File(file) => Leaf::File(file.cut(data(*id))),
                Node::Link(target) => Leaf::Link(target.clone()),
            };
            if leaf == Leaf::Folder {
                self.walk(*id, &path, all, data, tree);
            }
            tree.insert(path, leaf);
        }
    }
}

impl Change {
    fn apply(&self, all: &mut BTreeMap<Id, BTreeMap<String, Id>>) {
        if let Some((folder, name)) = &self.removed {
            all.entry(*folder).or_default().remove(name);
        }
        let names = all.entry(self.folder).or_default();
        match self.becomes {
            Some(id) => names.insert(self.name.clone(), id),
            None => names.remove(&self.name),
        };
    }
}

impl File {
    fn write(&mut self, at: Option<usize>, bytes: &[u8]) {
        let from = match at {
            Some(at) => at,
            None if self.append => self.now.len(),
            None => self.position,
        };
        let end = from + bytes.len();
        self.safe = self.safe.min(from);
        self.now.resize(self.now.len().max(end), 0);
        self.now[from..end].copy_from_slice(bytes);
        if at.is_none() {
            self.position = end;
        }
    }

    fn set_length(&mut self, to: usize) {
        self.now.resize(to, 0);
        self.safe = self.safe.min(to);
    }

    fn cut(&self, data: Data) -> Vec<u8> {
        match data {
            Data::Old => self.synced.clone(),
            Data::Least => self.now[..self.safe].to_vec(),
            Data::Half => self.now[..self.safe + (self.now.len() - self.safe) / 2].to_vec(),
            Data::Full => self.now.clone(),
        }
    }
}

/// Everything below a folder.
pub fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    let mut open = vec![PathBuf::new()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(folder.join(&next)).into_iter().flatten() {
            let entry = entry.unwrap();
            let (path, kind) = (next.join(entry.file_name()), entry.file_type().unwrap());
            let leaf = match kind {
                kind if kind.is_dir() => Leaf::Folder,
                kind if kind.is_symlink() => Leaf::Link(std::fs::read_link(entry.path()).unwrap()),
                _ => Leaf::File(std::fs::read(entry.path()).unwrap()),
            };
            if leaf == Leaf::Folder {
                open.push(path.clone());
            }
            found.insert(path, leaf);
        }
    }
    found
}

/// Replaces everything below a folder. Files get mode 0600, and folders 0700.
pub fn lay_out(tree: &Tree, folder: &Path) {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    let make = |path: &Path| std::fs::DirBuilder::new().mode(0o700).create(path).unwrap();
    make(folder);
    for (path, leaf) in tree {
        let path = folder.join(path);
        match leaf {
            Leaf::Folder => make(&path),
            Leaf::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
            Leaf::File(bytes) => {
                let mut file =
                    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
                std::io::Write::write_all(&mut file, bytes).unwrap();
            }
        }
    }
}
