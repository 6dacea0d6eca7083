//! See [`fuzz_cases::facts`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::facts::run(data));
