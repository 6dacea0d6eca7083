//! See [`fuzz_cases::tune_in`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::tune_in::run(data));
