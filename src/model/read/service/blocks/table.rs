//! What a block of a job may contain, as a table.

/// One kind of block.
pub struct Table {
    /// The name of the block in Nomad's language.
    pub kind: &'static str,
    pub keys: &'static [Key],
    pub required: &'static [&'static str],
}

/// A key in the pillar, and what it becomes.
pub struct Key {
    pub name: &'static str,
    /// The name in Nomad's language.
    pub nomad: &'static str,
    pub kind: Kind,
}

pub enum Kind {
    Flag,
    /// An integer in these bounds.
    Number(i64, i64),
    Time,
    /// More than no time.
    Limit,
    Text,
    /// A name of up to 128 letters, digits, `-`, `_` and `.`.
    Label,
    /// The name of a registration, in which placeholders may stand.
    NamePattern,
    /// A path of a URL.
    UrlPath,
    Word(&'static [&'static str]),
    Texts,
    Map,
    Lists,
    /// Octal digits. YAML reads `0644` as another number.
    Perms,
    /// The label of a port, or a number.
    Port,
    /// A file of `salt://`, whose text goes into the job, or a path that Nomad reads on the node.
    Source,
    Block(&'static Table),
    /// A list of mappings, or one mapping.
    Blocks(&'static Table),
    /// Mapping of labels to one value each: the block of a label has this value under this name.
    Targets(&'static str, &'static str),
}

pub const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, nomad: name, kind }
}

pub const fn named(name: &'static str, nomad: &'static str, kind: Kind) -> Key {
    Key { name, nomad, kind }
}

pub const MANY: i64 = i32::MAX as i64;
pub const COUNT: Kind = Kind::Number(0, MANY);
pub const SOME: Kind = Kind::Number(1, MANY);
