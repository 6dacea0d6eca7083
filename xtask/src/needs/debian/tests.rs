use std::path::Path;

use super::{PACKAGES, apt_get, missing};

#[test]
fn only_what_is_wholly_installed_is_not_missing() {
    let known = "curl installed\nffmpeg config-files\nmpg123 unpacked\n";
    assert_eq!(
        missing(&["curl", "ffmpeg", "mpg123", "vlc-bin"], known),
        ["ffmpeg", "mpg123", "vlc-bin"]
    );
}

#[test]
fn nothing_is_missing_when_all_is_installed() {
    let wanted: Vec<&str> = PACKAGES.iter().map(|(name, _)| *name).collect();
    let known = format!("{} installed\n", wanted.join(" installed\n"));
    assert!(missing(&wanted, &known).is_empty());
}

#[test]
fn each_package_says_what_it_is_for() {
    assert!(PACKAGES.iter().all(|(_, why)| !why.is_empty()));
}

#[test]
fn apt_get_runs_under_sudo_without_losing_its_silence() {
    let command = apt_get(Path::new("."), &["sudo"], &["update"]);
    assert_eq!(command.get_program(), "sudo");
    let words: Vec<_> = command.get_args().filter_map(|word| word.to_str()).collect();
    assert_eq!(words[..3], ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    assert_eq!(words.last(), Some(&"update"));
}
