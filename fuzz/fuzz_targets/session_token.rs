//! See [`fuzz_cases::session_token`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::session_token::run(data));
