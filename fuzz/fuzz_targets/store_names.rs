//! See [`fuzz_cases::store_names`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::store_names::run(data));
