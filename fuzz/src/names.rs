//! Which names there are, and which of them are the same.

use charla::proto::{Name, Skeleton};

use super::reference::names;

/// The bytes are a name, if they are UTF-8.
pub fn run(data: &[u8]) {
    let Ok(given) = str::from_utf8(data) else { return };
    let name = Name::new(given).ok();
    assert_eq!(name.as_ref().map(|name| name.key().as_str().to_owned()), names::key(given));
    if let Some(name) = name {
        assert_eq!(name.as_str(), given, "a name is kept as it was given");
        let again = Name::new(name.key().as_str()).expect("a key is a name");
        assert_eq!(again.key(), name.key(), "a key is its own key");
        let _any_has_a_look = Skeleton::of(&name);
    }
}
