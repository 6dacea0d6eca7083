//! See [`fuzz_cases::text`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::text::run(data));
