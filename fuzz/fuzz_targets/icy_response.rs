//! See [`fuzz_cases::icy_response`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_response::run(data));
