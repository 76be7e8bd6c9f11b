//! How a soak ends: producers first, then consumers, then all others, until nothing is left.

use crate::roles::cast::Role;
use crate::roles::manager_client::SIZES;
use crate::supervisor::slot::Slot;
use crate::supervisor::soak::{Fallible, Soak, stuck};

impl Soak<'_> {
    /// Ends all processes. If something has gone wrong, it kills them.
    pub(crate) fn finish(&mut self) -> Fallible {
        self.let_all_run(true)?;
        self.world.finish.set();
        self.wait_for_end(|role| matches!(role, Role::Producer(_)))?;
        if self.objections.is_empty() {
            for (n, stream) in self.world.streams.iter().enumerate() {
                let consumers = self.slots.iter().filter(|slot| slot.role == Role::Consumer(n));
                stream.channel.end(consumers.count())?;
            }
        }
        self.wait_for_end(|role| matches!(role, Role::Consumer(_)))?;
        self.kill_all()?;
        self.take_what_is_on_the_list()?;
        self.wait_for_orphans()
    }

    fn wait_for_end(&mut self, is_meant: fn(Role) -> bool) -> Fallible {
        let running = |soak: &Self| {
            let slots = soak.slots.iter();
            slots.filter(|slot| is_meant(slot.role) && slot.child.is_some()).map(stuck).collect()
        };
        let runs = |slot: &Slot| is_meant(slot.role) && slot.child.is_some();
        self.tick_until(|soak| !soak.slots.iter().any(runs), running)
    }

    fn kill_all(&mut self) -> Fallible {
        for slot in &mut self.slots {
            slot.kill(false)?;
        }
        self.let_all_run(false)
    }

    /// What the clients have left there.
    fn take_what_is_on_the_list(&mut self) -> Fallible {
        while let Some(item) = self.world.list.pop()? {
            let Some(book) = self.books.list() else { break };
            let got = book.got(u8::MAX, item.producer, item.number);
            self.objections.extend(got.err());
            self.objections.extend(item.fault(SIZES));
        }
        Ok(())
    }
}
