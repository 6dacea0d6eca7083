//! Rule: a sans-IO crate does no I/O: it imports no library that does, no
//! crate of ours that may, and names none of the standard library's doors.
//!
//! Reading the clock is clippy's to find (`disallowed-methods`).

use crate::tidy::tree::{Import, Member, Tree, is_test};

/// Libraries that do I/O, spawn tasks, draw random numbers or read a clock.
const IO_LIBRARIES: [&str; 22] = [
    "async-std",
    "aws-sdk-s3",
    "axum",
    "chrono",
    "getrandom",
    "hyper",
    "hyper-util",
    "mio",
    "moka",
    "object_store",
    "rand",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-rustls",
    "tokio-util",
    "tower",
    "tracing-appender",
    "tracing-subscriber",
];

/// Names of the standard library and the language that a sans-IO crate has no
/// use for.
const DOORS: [&str; 10] = [
    "async fn",
    "std::env",
    "std::fs",
    "std::os",
    "std::process",
    "std::thread",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "std::io::std",
];

/// One line for each such import and each such name.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let sans_io = tree.members.iter().filter(|member| member.sans_io == Some(true));
    sans_io.flat_map(|member| [imports(tree, member), names(tree, member)].concat()).collect()
}

fn imports(tree: &Tree, member: &Member) -> Vec<String> {
    let does_io = |import: &Import| {
        let ours = tree.members.iter().find(|other| other.name == import.name);
        ours.map_or(IO_LIBRARIES.contains(&import.name.as_str()), |other| {
            other.sans_io != Some(true)
        })
    };
    let fault = |import: &Import| {
        format!("{}/Cargo.toml: {} is sans-IO but imports {}", member.dir, member.name, import.name)
    };
    member.imports.iter().filter(|import| does_io(import)).map(fault).collect()
}

fn names(tree: &Tree, member: &Member) -> Vec<String> {
    let folder = format!("{}/src/", member.dir);
    let own = tree.sources().filter(|(path, _)| path.starts_with(&folder) && !is_test(path));
    own.flat_map(|(path, text)| {
        text.lines().enumerate().filter_map(move |(index, line)| {
            let code = line.split("//").next().unwrap_or_default();
            let door = DOORS.iter().find(|door| code.contains(**door))?;
            Some(format!("{path}:{}: `{door}` in a sans-IO crate", index + 1))
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
