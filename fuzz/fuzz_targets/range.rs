//! See [`fuzz_cases::range`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::range::run(data));
