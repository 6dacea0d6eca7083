//! The manifest: resources as an operator writes them, in TOML.
//!
//! Three steps, each with errors of the same form: the shape (`raw`, by serde),
//! what is not built yet (`unbuilt`), and what only the whole can tell
//! (`validate`).

use settings::{Document, Env, Error, Key};

use crate::resources::Catalogue;

/// Reads a file that a manifest names; at most [`crate::limits::INTRO_BYTES_MAX`]
/// bytes of it count. The error says why it cannot.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

mod raw;
mod unbuilt;
mod validate;

/// Parses and validates a manifest. `${NAME}` in a string takes a variable of
/// `env`; relative paths stay as they are.
///
/// # Errors
///
/// What is wrong first, as one line with file, line and key. What the contract
/// has and this version has not is refused with `not built yet`.
pub fn parse(text: &str, file_name: &str, env: Env<'_>) -> Result<Catalogue, Error> {
    parse_with_files(text, file_name, env, &|_| Err("there are no files here".to_owned()))
}

/// As [`parse`], of a manifest that may name files: `files` reads them, with a
/// path as the manifest has it.
///
/// # Errors
///
/// As [`parse`]; a file that cannot be read or does not fit is one.
pub fn parse_with_files(
    text: &str,
    file_name: &str,
    env: Env<'_>,
    files: Files<'_>,
) -> Result<Catalogue, Error> {
    let document = Document::new(file_name, text)?;
    let manifest: raw::Manifest = document.parse(env)?;
    unbuilt::refuse(&document, &manifest)?;
    validate::validate(&document, manifest, files)
}

/// Every key that a manifest may have, for the reference.
pub fn keys() -> Vec<Key> {
    settings::keys::<raw::Manifest>()
}

#[cfg(test)]
mod tests;
