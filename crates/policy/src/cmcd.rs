//! What a player calls its session, in Common Media Client Data (CTA-5004 §3): `sid`.

/// Bytes of a player's own id that are looked at: CTA-5004 allows 64 characters, and a
/// UUID has 36.
pub const ID_LEN_MAX: usize = 64;

/// Bytes of a payload that are looked at, chosen: CTA-5004 gives no bound, and all keys
/// of a request have some hundred.
pub const CMCD_LEN_MAX: usize = 2_048;

/// The value of `sid`, a text in quotes, in a payload: keys with commas between them, as
/// they stand in `CMCD-Session` or, decoded, in the query's `CMCD`. `None` where there is
/// none, and where it is longer than [`ID_LEN_MAX`] or the payload than [`CMCD_LEN_MAX`].
pub fn session_id(payload: &str) -> Option<&str> {
    let mut rest = Some(payload).filter(|payload| payload.len() <= CMCD_LEN_MAX)?;
    loop {
        let key = rest.trim_start();
        if let Some(value) = key.strip_prefix("sid=\"") {
            let (id, _) = value.split_once('"')?;
            return Some(id).filter(|id| (1..=ID_LEN_MAX).contains(&id.len()));
        }
        rest = behind_comma(key)?;
    }
}

/// What is behind the next comma that stands in no quotes.
fn behind_comma(text: &str) -> Option<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
