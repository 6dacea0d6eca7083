//! See [`fuzz_cases::manifest`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::manifest::run(data));
