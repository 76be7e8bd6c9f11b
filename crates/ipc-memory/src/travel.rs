//! `travel`: how what can be passed is serialised.

/// Gives what is [`Passed`] its `Serialize` and `Deserialize`, and a `try_clone` to be given away.
#[doc(hidden)]
#[macro_export]
macro_rules! travel {
    ($($type:ident $(<$($item:ident $(: $bound:ident)?),+>)?),+ $(,)?) => {
        $(
            impl $(<$($item $(: $bound)?),+>)? $type $(<$($item),+>)? {
                /// Another handle to the same one, to be sent to a process that a fork server starts. It
                /// costs a mapping, and a descriptor in a process that has a fork server.
                ///
                /// # Errors
                ///
                /// [`Error::System`](ipc_error::Error::System) if there is no room for it.
                pub fn try_clone(&self) -> ipc_error::Result<Self> {
                    $crate::try_clone(self)
                }
            }

            impl $(<$($item $(: $bound)?),+>)? serde::Serialize for $type $(<$($item),+>)? {
                fn serialize<Z: serde::Serializer>(&self, to: Z) -> Result<Z::Ok, Z::Error> {
                    $crate::serialize(self, to)
                }
            }

            impl<'de $(, $($item $(: $bound)?),+)?> serde::Deserialize<'de>
                for $type $(<$($item),+>)?
            {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    $crate::deserialize(from)
                }
            }
        )+
    };
}
