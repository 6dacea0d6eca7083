//! Players that must be answered otherwise than the rest, by their user agents.

use media::Codec;

/// How a player must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Player {
    /// As HTTP has it.
    Usual,
    /// With `ICY 200 OK`: it takes HTTP for a file.
    IcyStatus,
    /// A SHOUTcast server that relays: it reads `content-type` in lower case only.
    Relay,
    /// A SHOUTcast player: its AAC is `audio/aacp`.
    Shoutcast,
    /// With a content length, or it plays nothing.
    Length,
}

/// Parts of user agents, in lower case, and what they mean; the first found
/// counts. The list is icecast-kh's and Icecast's, and Winamp beside them.
const KNOWN: &[(&str, Player)] = &[
    ("shoutcastsource", Player::IcyStatus),
    ("windows-media-player", Player::IcyStatus),
    ("realmedia", Player::IcyStatus),
    ("blackberry", Player::IcyStatus),
    ("shoutcast server", Player::Relay),
    ("winamp", Player::Shoutcast),
    ("msie", Player::Length),
];

impl Player {
    /// Tells the player by its user agent; `flash` if `x-flash-version` came.
    pub(super) fn of(user_agent: &str, flash: bool) -> Self {
        let user_agent = user_agent.to_ascii_lowercase();
        let known = KNOWN.iter().find(|(part, _)| user_agent.contains(part));
        match known {
            Some((_, player)) => *player,
            None if flash => Self::Length,
            None => Self::Usual,
        }
    }

    /// Whether the status line is `ICY 200 OK`.
    pub(super) fn wants_icy_status(self) -> bool {
        self == Self::IcyStatus
    }

    /// Whether it must be told a length.
    pub(super) fn wants_length(self) -> bool {
        self == Self::Length
    }

    /// How the name `Content-Type` is written.
    pub(super) fn content_type_name(self) -> &'static str {
        if self == Self::Relay { "content-type" } else { "Content-Type" }
    }

    /// The media type it knows the codec by.
    pub(super) fn media_type(self, codec: Codec) -> &'static str {
        match (codec, self) {
            (Codec::Aac, Self::IcyStatus | Self::Relay | Self::Shoutcast) => "audio/aacp",
            _ => codec.media_type(),
        }
    }
}
