//! What can be wrong with a channel, and with all of them.

/// Why a channel or all channels of a session ended other than by two regular ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A container that is no message of channels, or no greeting where one is due. Ends the session.
    #[error("the peer sent something other than a message of channels")]
    Malformed,
    /// A step of a channel that was never opened, or that has ended. Ends the session.
    #[error("the peer speaks of a channel that does not exist")]
    Unknown,
    /// A channel opened under a number that is not the next one of that side. Ends the session.
    #[error("the peer opened a channel under a number that is not the next one")]
    Order,
    /// More channels are opened and refused than a peer can need. Ends the session.
    #[error("the peer goes on to open channels that were refused")]
    Flood,
    /// The channel was reset, by this side or the peer.
    #[error("the channel was reset: {0}")]
    Reset(Reason),
    /// The session ended before the channel did.
    #[error("the session ended in the middle of the channel")]
    Cut,
    /// No channel can be opened any more over this session.
    #[error("no more channels are opened over this session")]
    Closing,
}

impl Fault {
    /// The stable code of this fault, for logs and for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "channel.malformed",
            Self::Unknown => "channel.unknown",
            Self::Order => "channel.order",
            Self::Flood => "channel.flood",
            Self::Reset(reason) => reason.code(),
            Self::Cut => "channel.cut",
            Self::Closing => "channel.closing",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal $text:literal;)+) => {
        /// Why a channel was reset: a closed list, so that no text of the peer's is ever shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* #[error($text)] $name,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word for it in a message.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The stable code, for logs and for programs.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => concat!("channel.", $word),)+ }
            }

            /// The reason that a word stands for; a word that is not known is a plain reset.
            #[must_use]
            pub fn of_word(word: &str) -> Self {
                match word { $($word => Self::$name,)+ _ => Self::Aborted }
            }
        }
    };
}

reasons! {
    /// One end was reset or given up.
    Aborted "reset" "one end gave it up";
    /// The far side does not allow what the channel was opened for.
    Refused "refused" "the far side does not allow this destination";
    /// The far side could not connect.
    Unreachable "unreachable" "the far side cannot reach the destination";
    /// The far side has as many channels as it takes.
    TooMany "too_many" "there are as many channels as the far side takes";
    /// The session is about to close.
    Closing "closing" "the far side opens no more channels over this session";
    /// More octets came than the window allowed.
    Window "window" "more octets came than were allowed";
    /// Octets or an end came after the end.
    AfterEnd "after_end" "something came after the end of the stream";
    /// The window was opened beyond its limit.
    Credit "credit" "more octets were allowed than a window may have";
}
