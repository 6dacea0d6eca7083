//! See [`fuzz_cases::icy_shoutcast`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_shoutcast::run(data));
