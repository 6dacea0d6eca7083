//! The ingest role: takes programmes from encoders into path feeds.
