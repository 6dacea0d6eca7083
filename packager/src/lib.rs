//! The packager role: path feeds to programme feed, segments and playlists in the bucket.
