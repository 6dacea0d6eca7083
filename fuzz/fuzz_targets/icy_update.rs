//! See [`fuzz_cases::icy_update`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_update::run(data));
