//! See [`fuzz_cases::playlists`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::playlists::run(data));
