//! See [`fuzz_cases::icy_classify`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_classify::run(data));
