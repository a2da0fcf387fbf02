//! Decides what a path in Vault contains while some of its secrets are rotated, and when a rotation ends.
//!
//! The new value is under the key of the secret, the old one beside it. Both are there until everything that reads the
//! secret is healthy. The path itself says so in one more key: a run that is killed leaves nothing else to remember.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::previous_key;

/// The key that says which secrets of the path are rotated now.
pub const ROTATION: &str = "eos.rotation";

/// The content of [`ROTATION`]. It has no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rotation {
    /// The run that began it.
    pub run_id: String,
    /// The secrets that are rotated now.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub keys: BTreeSet<String>,
    /// The old values stay when it has ended.
    pub keeps_previous: bool,
    /// It failed: each secret has its old value again, and the new one is beside it.
    pub withdrawn: bool,
    /// The secrets whose old value stayed after an earlier rotation.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
}

/// Why a rotation cannot begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotationFault {
    /// Another run began one, and it has not ended.
    UnderWay(Rotation),
    /// There is no value to rotate.
    NoValue(String),
    /// The key for the old value has a value that Eos did not write.
    Occupied(String),
    /// A person has changed [`ROTATION`].
    Unreadable,
}

impl Rotation {
    /// None if no secret of the path is rotated now, or if the text is not readable.
    pub fn under_way(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|rotation: &Self| !rotation.keys.is_empty())
    }

    fn read(values: &Map<String, Value>) -> Result<Self, RotationFault> {
        match values.get(ROTATION).and_then(Value::as_str) {
            Some(text) => serde_json::from_str(text).map_err(|_| RotationFault::Unreadable),
            None => Ok(Self::default()),
        }
    }

    fn write(&self, values: &mut Map<String, Value>) {
        values.insert(ROTATION.to_owned(), serde_json::to_string(self).unwrap_or_default().into());
    }
}

/// The values with a rotation that begins. `new` is the new value of each secret.
pub fn begin_rotation(
    values: &Map<String, Value>,
    new: &BTreeMap<String, String>,
    run_id: &str,
    keeps_previous: bool,
) -> Result<Map<String, Value>, RotationFault> {
    let rotation = Rotation::read(values)?;
    if !rotation.keys.is_empty() {
        return Err(RotationFault::UnderWay(rotation));
    }
    let mut after = values.clone();
    for (key, value) in new {
        let previous = previous_key(key);
        if values.contains_key(&previous) && !rotation.kept.contains(key) {
            return Err(RotationFault::Occupied(previous));
        }
        match after.insert(key.clone(), value.as_str().into()) {
            Some(old) if !old.is_null() => drop(after.insert(previous, old)),
            _ => return Err(RotationFault::NoValue(key.clone())),
        }
    }
    let keys = new.keys().cloned().collect();
    let run_id = run_id.to_owned();
    Rotation { run_id, keys, keeps_previous, withdrawn: false, ..rotation }.write(&mut after);
    Ok(after)
}

/// The values with each old value back in place. None if this rotation is not under way, or was withdrawn before.
pub fn withdraw_rotation(values: &Map<String, Value>, run_id: &str) -> Option<Map<String, Value>> {
    let rotation = under_way(values, run_id).filter(|rotation| !rotation.withdrawn)?;
    let mut after = values.clone();
    for key in &rotation.keys {
        let previous = previous_key(key);
        // Without the old value, the new one is the only one that there is.
        if let (Some(old), Some(new)) = (values.get(&previous), values.get(key)) {
            after.insert(key.clone(), old.clone());
            after.insert(previous, new.clone());
        }
    }
    Rotation { withdrawn: true, ..rotation }.write(&mut after);
    Some(after)
}

/// The values after the end of this rotation. None if it is not under way, or if another run has withdrawn it or not.
pub fn end_rotation(
    values: &Map<String, Value>,
    run_id: &str,
    withdrawn: bool,
) -> Option<Map<String, Value>> {
    let rotation = under_way(values, run_id).filter(|rotation| rotation.withdrawn == withdrawn)?;
    let keeps = rotation.keeps_previous && !rotation.withdrawn;
    let mut kept = rotation.kept.clone();
    let mut after = values.clone();
    for key in &rotation.keys {
        if keeps {
            kept.insert(key.clone());
        } else {
            kept.remove(key);
            after.remove(&previous_key(key));
        }
    }
    match kept.is_empty() {
        true => drop(after.remove(ROTATION)),
        false => Rotation { kept, ..Rotation::default() }.write(&mut after),
    }
    Some(after)
}

fn under_way(values: &Map<String, Value>, run_id: &str) -> Option<Rotation> {
    let rotation = Rotation::read(values).ok()?;
    (rotation.run_id == run_id && !rotation.keys.is_empty()).then_some(rotation)
}

/// A component that reads a rotated secret, at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretReaderState {
    /// It had its turn with the value under the key, and it is healthy.
    Healthy,
    /// The run changed it, and rolled it back.
    RolledBack,
    /// The run did not change it.
    Untouched,
    /// The run changed it, and did not bring it to a good end.
    Changed,
}

/// Where a rotation stood when the components had their turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStage {
    New,
    /// This run withdrew it after the turns. `began_here`: it also began it.
    WithdrawnNow {
        began_here: bool,
    },
    WithdrawnBefore,
}

/// Whether nothing needs the value beside the key any more.
pub fn rotation_ends(stage: RotationStage, readers: &[SecretReaderState]) -> bool {
    use SecretReaderState::{Healthy, RolledBack, Untouched};
    readers.iter().all(|reader| match stage {
        RotationStage::New | RotationStage::WithdrawnBefore => *reader == Healthy,
        // What this run did not change still has the value from before the run, and that is the old one.
        RotationStage::WithdrawnNow { began_here: true } => matches!(reader, RolledBack | Untouched),
        RotationStage::WithdrawnNow { began_here: false } => *reader == RolledBack,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn new(keys: &[&str]) -> BTreeMap<String, String> {
        keys.iter().map(|key| ((*key).to_owned(), format!("new-{key}"))).collect()
    }

    fn without_mark(mut values: Map<String, Value>) -> Value {
        values.remove(ROTATION);
        values.into()
    }

    #[test]
    fn a_rotation_has_both_values_until_it_ends() {
        let before = values(json!({ "a": "old-a", "b": "old-b", "other": "left" }));
        let during = begin_rotation(&before, &new(&["a"]), "R", false).unwrap();
        let both = json!({ "a": "new-a", "a_previous": "old-a", "b": "old-b", "other": "left" });
        assert_eq!(without_mark(during.clone()), both);
        let after = end_rotation(&during, "R", false).unwrap();
        assert_eq!(Value::from(after), json!({ "a": "new-a", "b": "old-b", "other": "left" }));
        assert_eq!(end_rotation(&during, "another run", false), None);
    }

    #[test]
    fn a_withdrawn_rotation_has_the_old_value_under_the_key_and_leaves_nothing_of_the_new_one() {
        let before = values(json!({ "a": "old-a" }));
        let during = begin_rotation(&before, &new(&["a"]), "R", true).unwrap();
        let back = withdraw_rotation(&during, "R").unwrap();
        assert_eq!(without_mark(back.clone()), json!({ "a": "old-a", "a_previous": "new-a" }));
        assert_eq!(withdraw_rotation(&back, "R"), None, "twice would bring the new value back");
        assert_eq!(end_rotation(&back, "R", false), None, "the new value is not the old one");
        assert_eq!(end_rotation(&back, "R", true).unwrap(), before);
    }

    #[test]
    fn a_kept_old_value_stays_until_the_next_rotation_replaces_it() {
        let before = values(json!({ "a": "old-a" }));
        let during = begin_rotation(&before, &new(&["a"]), "R", true).unwrap();
        let kept = end_rotation(&during, "R", false).unwrap();
        assert_eq!(without_mark(kept.clone()), json!({ "a": "new-a", "a_previous": "old-a" }));
        assert_eq!(Rotation::under_way(kept[ROTATION].as_str().unwrap()), None);
        let second = [("a".to_owned(), "third".to_owned())].into();
        let next = begin_rotation(&kept, &second, "S", false).unwrap();
        assert_eq!(without_mark(next.clone()), json!({ "a": "third", "a_previous": "new-a" }));
        assert_eq!(Value::from(end_rotation(&next, "S", false).unwrap()), json!({ "a": "third" }));
    }

    #[test]
    fn a_rotation_begins_only_where_it_loses_nothing() {
        let begin = |value: Value, keys: &[&str]| begin_rotation(&values(value), &new(keys), "R", false);
        assert_eq!(begin(json!({ "b": "x" }), &["a"]), Err(RotationFault::NoValue("a".into())));
        assert_eq!(begin(json!({ "a": null }), &["a"]), Err(RotationFault::NoValue("a".into())));
        let occupied = begin(json!({ "a": "x", "a_previous": "of a person" }), &["a"]);
        assert_eq!(occupied, Err(RotationFault::Occupied("a_previous".into())));
        assert_eq!(begin(json!({ "a": "x", ROTATION: "?" }), &["a"]), Err(RotationFault::Unreadable));
        let during = begin(json!({ "a": "x", "b": "y" }), &["a"]).unwrap();
        let again = begin_rotation(&during, &new(&["b"]), "S", false);
        assert!(matches!(again, Err(RotationFault::UnderWay(rotation)) if rotation.run_id == "R"));
    }

    #[test]
    fn the_table_decides_when_a_rotation_ends() {
        use RotationStage::{New, WithdrawnBefore, WithdrawnNow};
        use SecretReaderState::{Changed, Healthy, RolledBack, Untouched};
        let (here, elsewhere) = (WithdrawnNow { began_here: true }, WithdrawnNow { began_here: false });
        for (stage, readers, ends) in [
            (New, &[Healthy, Healthy][..], true),
            (New, &[Healthy, Untouched], false),
            (New, &[Changed], false),
            (here, &[RolledBack, Untouched], true),
            (here, &[RolledBack, Healthy], false),
            (here, &[Changed], false),
            (elsewhere, &[RolledBack], true),
            // It may still have the new value, from before this run.
            (elsewhere, &[RolledBack, Untouched], false),
            (WithdrawnBefore, &[Healthy], true),
            (WithdrawnBefore, &[Changed], false),
        ] {
            assert_eq!(rotation_ends(stage, readers), ends, "{stage:?} {readers:?}");
        }
    }
}
