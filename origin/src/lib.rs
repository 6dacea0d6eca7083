//! The origin role: programme feeds to listeners.
