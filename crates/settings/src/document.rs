//! One text of settings, and where in it a thing stands.

use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use crate::error::Error;
use crate::expand::expand_table;
use crate::keys::{Key, Kind, keys};
use crate::nearest::nearest;

mod messages;

/// Longest text in bytes that is parsed. Chosen: some ten thousand resources.
pub const TEXT_BYTES_MAX: usize = 8 << 20;

/// The environment, as a function from a name to its value.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A TOML text with its name, and the environment variables laid over it.
///
/// Holds the whole text, at most [`TEXT_BYTES_MAX`].
#[derive(Debug, Clone)]
pub struct Document {
    file: String,
    text: String,
    overrides: Vec<Override>,
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From the text.
    Text,
    /// From an environment variable laid over it.
    Variable,
}

/// A variable that sets one key. The value's span lies behind the text's end, at
/// the variable's index, so that errors find back to it.
#[derive(Clone)]
struct Override {
    variable: String,
    key: Key,
    value: String,
}

impl fmt::Debug for Override {
    /// Without the value, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Override").field("variable", &self.variable).finish_non_exhaustive()
    }
}

impl Document {
    /// A text, and the name that errors give it.
    ///
    /// # Errors
    ///
    /// A text over [`TEXT_BYTES_MAX`].
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Result<Self, Error> {
        let (file, text) = (file.into(), text.into());
        if text.len() > TEXT_BYTES_MAX {
            return Err(Error::new(file, format!("longer than {TEXT_BYTES_MAX} bytes")));
        }
        Ok(Self { file, text, overrides: Vec::new() })
    }

    /// Lays environment variables over the text: `PREFIX` and the key's path in
    /// capitals, two underscores for each dot. Variables without the prefix, and
    /// those in `reserved`, are passed over.
    ///
    /// A list or a table is written as TOML: `["ingest", "edge"]`.
    ///
    /// # Errors
    ///
    /// A variable that is no key of `T`, with the nearest that is.
    pub fn with_overrides<T: DeserializeOwned>(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (String, String)>,
        reserved: &[&str],
    ) -> Result<Self, Error> {
        let known: Vec<(String, Key)> = keys::<T>()
            .into_iter()
            .filter(|key| !key.listed)
            .map(|key| (format!("{prefix}{}", key.path.replace('.', "__").to_uppercase()), key))
            .collect();
        for (variable, value) in variables {
            if !variable.starts_with(prefix) || reserved.contains(&variable.as_str()) {
                continue;
            }
            let Some((_, key)) = known.iter().find(|(name, _)| *name == variable) else {
                let near = nearest(&variable, known.iter().map(|(name, _)| name.as_str()));
                let what = messages::with_nearest("unknown environment variable", near);
                return Err(Error::new(variable, what));
            };
            let overridden = Override { variable, key: key.clone(), value };
            // The later one wins, as where a command line follows the environment.
            self.overrides.retain(|old| old.key.path != overridden.key.path);
            self.overrides.push(overridden);
        }
        Ok(self)
    }

    /// Parses the text into final types.
    ///
    /// # Errors
    ///
    /// What is wrong first: the syntax, an unset variable, an unknown or a
    /// missing key, a value of the wrong type or out of its range.
    pub fn parse<T: DeserializeOwned>(&self, env: Env<'_>) -> Result<T, Error> {
        let mut root = DeTable::parse(&self.text).map_err(|e| self.rephrased(&e))?;
        expand_table(root.get_mut(), env).map_err(|(span, what)| self.error(span, what))?;
        for (index, overridden) in self.overrides.iter().enumerate() {
            self.lay_over(root.get_mut(), index, overridden)?;
        }
        T::deserialize(Deserializer::from(root)).map_err(|e| self.rephrased(&e))
    }

    /// A complaint about the value at `span`, as a [`Spanned`] gives it.
    pub fn error(&self, span: Range<usize>, what: impl fmt::Display) -> Error {
        if let Some(overridden) = self.override_at(span.start) {
            return Error::at(&overridden.variable, None, &overridden.key.path, what);
        }
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let key = DeTable::parse(&self.text)
            .ok()
            .and_then(|root| Search { span, best: None }.run(root.get_ref()))
            .unwrap_or_default();
        Error::at(&self.file, Some(line), &key, what)
    }

    /// A complaint about a name that refers to nothing, with the nearest that
    /// would: "no ingest is named `acme-x`; did you mean `acme-a`?".
    pub fn unknown_name<'a>(
        &self,
        name: &Spanned<impl AsRef<str>>,
        what: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Error {
        let given = name.get_ref().as_ref();
        let complaint = format!("no {what} is named `{given}`");
        self.error(name.span(), messages::with_nearest(&complaint, nearest(given, known)))
    }

    /// Where the value at `span` came from.
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        if self.override_at(span.start).is_some() { Origin::Variable } else { Origin::Text }
    }

    fn override_at(&self, start: usize) -> Option<&Override> {
        self.overrides.get(start.checked_sub(self.text.len() + 1)?)
    }

    /// Puts one override into the tree, where the tables above it are made as
    /// needed.
    fn lay_over<'i>(
        &self,
        root: &mut DeTable<'i>,
        index: usize,
        overridden: &'i Override,
    ) -> Result<(), Error> {
        let start = self.text.len() + 1 + index;
        let span = start..start + 1;
        let mut value = match overridden.key.kind {
            Kind::Text => DeValue::String(overridden.value.as_str().into()),
            Kind::Value | Kind::Tables => DeValue::parse(&overridden.value)
                .map_err(|e| self.error(span.clone(), messages::rephrase(e.message())))?
                .into_inner(),
        };
        respan(&mut value, &span);
        let mut table = root;
        let mut parts = overridden.key.path.split('.').peekable();
        while let Some(part) = parts.next() {
            let key = Spanned::new(span.clone(), part.into());
            if parts.peek().is_none() {
                table.insert(key, Spanned::new(span, value));
                break;
            }
            let empty = || Spanned::new(0..0, DeValue::Table(DeTable::new()));
            match table.entry(key).or_insert_with(empty).get_mut() {
                DeValue::Table(inner) => table = inner,
                // The text has another type here; parsing will say so.
                _ => break,
            }
        }
        Ok(())
    }

    /// An error of the TOML library in our words, with its place.
    fn rephrased(&self, error: &toml::de::Error) -> Error {
        let what = messages::rephrase(error.message());
        match error.span() {
            Some(span) => self.error(span, what),
            None => Error::new(&self.file, what),
        }
    }
}

/// Gives everything inside a value the override's span.
fn respan(value: &mut DeValue<'_>, span: &Range<usize>) {
    match value {
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                respan(item.get_mut(), span);
                let inner = std::mem::replace(item.get_mut(), DeValue::Boolean(false));
                *item = Spanned::new(span.clone(), inner);
            }
        }
        DeValue::Table(table) => {
            for (mut key, mut inner) in std::mem::take(table) {
                respan(inner.get_mut(), span);
                key = Spanned::new(span.clone(), key.into_inner());
                inner = Spanned::new(span.clone(), inner.into_inner());
                table.insert(key, inner);
            }
        }
        _ => {}
    }
}

/// The search for the path of what stands at a span: the smallest key or value
/// that holds it, and of equals the deepest.
struct Search {
    span: Range<usize>,
    best: Option<(usize, String)>,
}

impl Search {
    fn run(mut self, root: &DeTable<'_>) -> Option<String> {
        self.table(root, "");
        self.best.map(|(_, path)| path)
    }

    fn table(&mut self, table: &DeTable<'_>, above: &str) {
        for (key, value) in table {
            let dot = if above.is_empty() { "" } else { "." };
            let path = format!("{above}{dot}{}", key.get_ref());
            self.consider(&key.span(), &path);
            self.value(value, &path);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str) {
        self.consider(&value.span(), path);
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, path),
            DeValue::Array(items) => items.iter().for_each(|item| self.value(item, path)),
            _ => {}
        }
    }

    fn consider(&mut self, span: &Range<usize>, path: &str) {
        let holds = span.start <= self.span.start && self.span.end <= span.end;
        if holds && self.best.as_ref().is_none_or(|(len, _)| span.len() <= *len) {
            self.best = Some((span.len(), path.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests;
