//! See [`fuzz_cases::session_log`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::session_log::run(data));
