//! The name that was probably meant.

/// Similarity (Jaro-Winkler, 0 to 1) below which a suggestion only misleads.
/// Chosen: `bitrate` finds `bitrate_kbps`, `colour` finds nothing.
const SIMILAR: f64 = 0.75;

/// The known name most like the given one, or `None` where none is like it.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
