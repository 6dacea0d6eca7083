//! See [`fuzz_cases::source`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::source::run(data));
