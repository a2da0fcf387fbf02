//! Generates secrets. Pure: the caller supplies the randomness.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use crate::model::SecretKind;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 32;

/// Generates one secret. `random` fills a slice with random bytes.
pub fn generate<E>(
    kind: SecretKind,
    random: &mut impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<SecretString, E> {
    let mut bytes = [0; LENGTH];
    match kind {
        SecretKind::Password => password(random),
        SecretKind::Hex => random(&mut bytes).map(|()| crate::digest::hex(&bytes).into()),
        SecretKind::Base64 => random(&mut bytes).map(|()| STANDARD.encode(bytes).into()),
    }
}

fn password<E>(random: &mut impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<SecretString, E> {
    // The largest multiple of the alphabet's length. Bytes from here on would make some letters more frequent.
    const FAIR: u8 = (256 / ALPHABET.len() * ALPHABET.len()) as u8;
    loop {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            let mut bytes = [0; LENGTH];
            random(&mut bytes)?;
            let fair = bytes.iter().filter(|byte| **byte < FAIR).take(LENGTH - text.len());
            text.extend(fair.map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])));
        }
        let has = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit) {
            return Ok(text.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use secrecy::ExposeSecret;

    use super::*;

    /// Bytes that are not random, but reach every value.
    fn counting() -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
        let mut next = 0_u8;
        move |bytes| {
            for byte in bytes {
                next = next.wrapping_mul(29).wrapping_add(71);
                *byte = next;
            }
            Ok(())
        }
    }

    fn made(kind: SecretKind) -> String {
        let Ok(secret) = generate(kind, &mut counting());
        secret.expose_secret().to_owned()
    }

    #[test]
    fn a_password_has_each_kind_of_letter_and_needs_no_quoting() {
        let text = made(SecretKind::Password);
        assert!(text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        assert!(text.bytes().any(|byte| byte.is_ascii_digit()), "{text}");
    }

    #[test]
    fn a_password_with_only_one_kind_of_letter_is_discarded() {
        let mut rounds = 0;
        let mut random = |bytes: &mut [u8]| -> Result<(), Infallible> {
            rounds += 1;
            bytes
                .iter_mut()
                .enumerate()
                .for_each(|(at, byte)| *byte = if rounds == 1 { 0 } else { at as u8 * 2 });
            Ok(())
        };
        let Ok(secret) = generate(SecretKind::Password, &mut random);
        assert!(rounds == 2 && secret.expose_secret().starts_with("ACE"), "{rounds}");
    }

    #[test]
    fn generated_keys_have_32_bytes() {
        assert!(
            made(SecretKind::Hex).len() == 64
                && made(SecretKind::Hex).bytes().all(|byte| byte.is_ascii_hexdigit())
        );
        assert_eq!(STANDARD.decode(made(SecretKind::Base64)).unwrap().len(), 32);
    }
}
