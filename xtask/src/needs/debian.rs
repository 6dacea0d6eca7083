//! Debian packages: the programs that the tests hold Skywave against.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{command, printed, step, succeeds};

/// Each package with the one thing it is needed for.
const PACKAGES: [(&str, &str); 31] = [
    ("ffmpeg", "encoder, ICY source, demuxer"),
    ("mpg123", "MP3 decoder, ICY listener"),
    ("curl", "HTTP client and ICY source"),
    ("mp3val", "MP3 frame check"),
    ("liquidsoap", "ICY source and listener"),
    ("vlc-bin", "HLS and ICY player"),
    ("ezstream", "source client of files"),
    ("darkice", "source client of a sound card"),
    ("butt", "source client with a window"),
    ("xvfb", "the screen for butt's window"),
    ("mpd", "source client of a player"),
    ("libshout-tools", "libshout's own source client"),
    ("ices2", "source client of Ogg alone"),
    ("oggfwd", "the same of its input"),
    ("icecast2", "relay and slave"),
    ("xsltproc", "Icecast's stylesheets over our documents"),
    ("streamripper", "ICY listener that cuts by titles"),
    ("vlc-plugin-base", "vlc's demuxers and decoders"),
    ("chromium", "browser for the HLS players"),
    ("gstreamer1.0-tools", "gst-launch-1.0"),
    ("gstreamer1.0-plugins-base", "playbin"),
    ("gstreamer1.0-plugins-good", "souphttpsrc, icydemux, MP3 decoder"),
    ("gstreamer1.0-plugins-bad", "hlsdemux"),
    ("gstreamer1.0-libav", "AAC decoder"),
    ("python3-venv", "the S3 server's own environment"),
    ("faketime", "libfaketime, for clocks that step"),
    ("strace", "disks with errors"),
    ("util-linux", "unshare and nsenter, for disks of a test's own"),
    ("mount", "disks of a test's own"),
    ("nginx-light", "cache before a node, as a CDN's"),
    ("wrk", "requests for the lab"),
];

/// Packages whose program may have come another way (an own build of Node.js
/// brings both): wanted only where the program does not answer.
const UNLESS_PROGRAM: [(&str, &str); 2] = [("node", "nodejs"), ("npm", "npm")];

/// Installs those packages that `dpkg-query` does not know as installed.
///
/// # Errors
///
/// Something is missing and this is no Debian, or this is not root and there
/// is no `sudo`, or `apt-get` failed.
pub(crate) fn install(root: &Path) -> Result<()> {
    let mut wanted: Vec<&str> = PACKAGES.iter().map(|(package, _)| *package).collect();
    wanted.extend(
        UNLESS_PROGRAM
            .iter()
            .filter(|(program, _)| !succeeds(&mut command(root, program, ["--version"])))
            .map(|(_, package)| *package),
    );
    let query = ["--show", "--showformat", "${Package} ${db:Status-Status}\n"];
    let Some(known) = printed(command(root, "dpkg-query", query).args(&wanted)) else {
        bail!("this is no Debian; install by hand what these packages hold: {}", wanted.join(" "));
    };
    let missing = missing(&wanted, &known);
    if missing.is_empty() {
        return Ok(());
    }
    let become_root = become_root(root, &missing)?;
    step("update Debian's package lists", &mut apt_get(root, become_root, &["update"]))?;
    let mut install = apt_get(root, become_root, &["install", "--yes", "--no-install-recommends"]);
    step("install Debian packages", install.args(&missing))
}

/// The wanted packages that `known`, lines of a name and a status, does not
/// have as installed.
fn missing<'a>(wanted: &[&'a str], known: &str) -> Vec<&'a str> {
    let installed: BTreeSet<&str> =
        known.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().filter(|package| !installed.contains(**package)).copied().collect()
}

/// The words that go before a command which only root may run.
fn become_root(root: &Path, missing: &[&str]) -> Result<&'static [&'static str]> {
    if printed(&mut command(root, "id", ["-u"])).is_some_and(|id| id.trim() == "0") {
        Ok(&[])
    } else if succeeds(&mut command(root, "sudo", ["--version"])) {
        Ok(&["sudo"])
    } else {
        bail!("neither root nor sudo; run as root: apt-get install {}", missing.join(" "));
    }
}

/// An `apt-get` that asks nothing and waits for another one to end.
fn apt_get(root: &Path, become_root: &[&str], arguments: &[&str]) -> Command {
    let mut words = become_root.to_vec();
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
    words.extend(["-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0"]);
    words.extend(arguments);
    let (program, rest) = words.split_first().unwrap_or((&"env", &[]));
    command(root, program, rest)
}

#[cfg(test)]
mod tests;
