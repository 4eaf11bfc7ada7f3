//! The sending half of a carrier, with at most one write under way.

use std::future::pending;
use std::io;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::carrier::ObjectSender;

pub(super) enum Writer {
    Idle(Box<dyn ObjectSender>),
    Busy(BoxFuture<'static, (Box<dyn ObjectSender>, io::Result<()>)>),
    Gone,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle(_) => "Idle",
            Self::Busy(_) => "Busy",
            Self::Gone => "Gone",
        })
    }
}

impl Writer {
    /// Waits until the write under way has ended; for ever when there is none.
    pub(super) async fn done(&mut self) -> io::Result<()> {
        let (sender, result) = match self {
            Self::Busy(write) => write.await,
            Self::Idle(_) | Self::Gone => pending().await,
        };
        // After a failed write it is unknown how much went out, so the stream cannot be continued.
        *self = if result.is_ok() { Self::Idle(sender) } else { Self::Gone };
        result
    }

    pub(super) fn start(&mut self, objects: Vec<String>) {
        // The sender moves into the future, so that writing goes on when this future is not polled.
        match std::mem::replace(self, Self::Gone) {
            Self::Idle(sender) => *self = Self::Busy(write(sender, objects).boxed()),
            other @ (Self::Busy(_) | Self::Gone) => *self = other,
        }
    }

    pub(super) fn start_finish(&mut self) {
        match std::mem::replace(self, Self::Gone) {
            Self::Idle(mut sender) => {
                let finish = async move {
                    let result = sender.finish().await;
                    (sender, result)
                };
                *self = Self::Busy(finish.boxed());
            }
            other @ (Self::Busy(_) | Self::Gone) => *self = other,
        }
    }
}

async fn write(
    mut sender: Box<dyn ObjectSender>,
    objects: Vec<String>,
) -> (Box<dyn ObjectSender>, io::Result<()>) {
    for object in objects {
        if let Err(error) = sender.send(object.as_bytes()).await {
            return (sender, Err(error));
        }
    }
    // Once after all objects, not after each: a flush is a system call.
    let result = sender.flush().await;
    (sender, result)
}
