//! See [`fuzz_cases::skywave_toml`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::skywave_toml::run(data));
