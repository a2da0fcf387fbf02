//! A text that cannot be read without its key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// ChaCha20-Poly1305 with a new nonce, then base64. None only if the host has no random numbers.
pub fn seal(key: &[u8; 32], text: &str) -> Option<String> {
    let mut nonce = [0; NONCE_LEN];
    rustix::rand::getrandom(&mut nonce, rustix::rand::GetRandomFlags::empty()).ok()?;
    let mut bytes = text.as_bytes().to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
        .ok()?;
    Some(STANDARD.encode([nonce.as_slice(), &bytes].concat()))
}

/// None if the key is another one, or if the sealed text was changed.
pub fn open(key: &[u8; 32], sealed: &str) -> Option<String> {
    let sealed = STANDARD.decode(sealed).ok()?;
    let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN)?;
    let (nonce, mut bytes) = (Nonce::try_assume_unique_for_key(nonce).ok()?, bytes.to_vec());
    let text = cipher(key)?.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?;
    String::from_utf8(text.to_vec()).ok()
}

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_a_sealed_text_and_no_change_of_it_goes_unnoticed() {
        let (key, text) = ([7; 32], "hunter2-hunter2");
        let sealed = seal(&key, text).unwrap();
        assert!(!sealed.contains("hunter2") && !sealed.contains(&STANDARD.encode(text)));
        assert_ne!(seal(&key, text).unwrap(), sealed, "each nonce is used once");
        assert_eq!(open(&key, &sealed).as_deref(), Some(text));
        assert_eq!(open(&[8; 32], &sealed), None);
        let mut bytes = STANDARD.decode(&sealed).unwrap();
        bytes[NONCE_LEN] ^= 1;
        assert_eq!(open(&key, &STANDARD.encode(bytes)), None);
        assert_eq!(open(&key, ""), None);
    }
}
