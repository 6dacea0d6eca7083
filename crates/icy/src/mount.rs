//! Names of mounts as encoders write them.

use percent_encoding::percent_decode_str;

/// The longest mount name in bytes, decoded: an alias of three segments has at
/// most 194.
pub const MOUNT_LEN_MAX: usize = 255;

/// Why a mount name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// There is none, or it does not begin with a slash.
    #[error("mount does not begin with a slash")]
    NoSlash,
    /// It exceeds [`MOUNT_LEN_MAX`].
    #[error("mount exceeds {MOUNT_LEN_MAX} bytes")]
    TooLong,
    /// A segment is empty, `.` or `..`.
    #[error("mount has an empty segment or a dot segment")]
    Segment,
    /// A control character, a backslash, a `%` that is left, or no UTF-8.
    #[error("mount has a character that no mount has")]
    Character,
}

/// The mount that the path of a request names: percent-decoded once, then
/// checked, without the leading slash.
///
/// # Errors
///
/// [`MountError`]. A `%` that is left after decoding was encoded twice or is
/// no encoding, and is refused.
pub(crate) fn from_path(path: &str) -> Result<String, MountError> {
    let path = path.strip_prefix('/').ok_or(MountError::NoSlash)?;
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| MountError::Character)?;
    checked(&decoded)
}

/// A decoded mount name, with or without its leading slash.
///
/// # Errors
///
/// [`MountError`].
pub(crate) fn from_name(name: &[u8]) -> Result<String, MountError> {
    let name = std::str::from_utf8(name).map_err(|_| MountError::Character)?;
    checked(name.strip_prefix('/').unwrap_or(name))
}

fn checked(name: &str) -> Result<String, MountError> {
    if name.is_empty() {
        return Err(MountError::NoSlash);
    }
    if name.len() > MOUNT_LEN_MAX {
        return Err(MountError::TooLong);
    }
    if name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(MountError::Segment);
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '\\' | '%' | '?' | '#')) {
        return Err(MountError::Character);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests;
