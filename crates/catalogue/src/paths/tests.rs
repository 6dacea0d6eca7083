use super::*;

/// Claims paths in order, each with the rendition `mp3-128`.
fn check(paths: &[&str], expected: Result<(), &str>) {
    let mut set = PathSet::default();
    let renditions = ["mp3-128".to_owned()];
    let got = paths.iter().try_for_each(|path| set.claim(path, &renditions, &format!("`{path}`")));
    assert_eq!(got, expected.map_err(str::to_owned), "{paths:?}");
}

#[test]
fn paths_that_do_not_meet_stand_side_by_side() {
    check(&["acme", "acme.mp3", "live/acme", "acme/hd", "acme-2"], Ok(()));
}

#[test]
fn the_same_path_is_taken_once() {
    check(&["acme", "acme"], Err("`/acme` is taken by `acme`"));
}

#[test]
fn what_is_derived_counts_in_both_orders() {
    check(&["acme", "acme.pls"], Err("`/acme.pls` is taken by `acme`"));
    check(&["acme.m3u8", "acme"], Err("`/acme.m3u8` is taken by `acme.m3u8`"));
    check(&["acme", "acme/playlist.m3u8"], Err("`/acme/playlist.m3u8` is taken by `acme`"));
    check(&["acme/playlist", "acme"], Err("`/acme/playlist.m3u8` is taken by `acme/playlist`"));
}

#[test]
fn nothing_lies_beneath_a_rendition() {
    check(&["acme", "acme/mp3-128"], Err("`/acme/mp3-128` is taken by `acme`"));
    check(
        &["acme", "acme/mp3-128/x"],
        Err("`/acme/mp3-128/x` lies beneath `/acme/mp3-128`, a rendition of `acme`"),
    );
    check(
        &["acme/mp3-128/x", "acme"],
        Err("its rendition `/acme/mp3-128` would hide `/acme/mp3-128/x` of `acme/mp3-128/x`"),
    );
    check(&["acme", "acme/aac-128/x"], Ok(()));
}

#[test]
fn reserved_first_segments_are_refused_derived_ones_too() {
    for reserved in RESERVED_FIRST_SEGMENTS {
        let beneath = format!("{reserved}/x");
        assert!(refuse_reserved(reserved).is_err());
        assert!(refuse_reserved(&beneath).is_err());
        assert!(refuse_reserved(&format!("x/{reserved}")).is_ok());
    }
    check(&["listen"], Err("`/listen.pls` is reserved: a path cannot begin with `listen.pls`"));
    check(&["administration"], Ok(()));
}
