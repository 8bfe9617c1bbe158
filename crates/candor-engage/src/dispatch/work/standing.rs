//! What one worker's messages say beyond themselves: of the provider, of addresses, of the run.

use candor_catalog::{Lane, RunState, SuppressionReason};

use super::Work;
use crate::channel::Channel;
use crate::dispatch::Error;

/// Who says that there is no such address.
const BY_PROVIDER: &str = "provider";

/// Why a run rests whose provider was given up.
const SWITCHED_OFF: &str = "nothing went to its webhook for 5 days, and it was switched off: save \
                            its settings anew, then go on";

impl Work<'_> {
    /// Keeps how the provider stands; by one that was switched off nothing goes.
    pub(super) async fn stands(&mut self) -> Result<(), Error> {
        let run = &self.plan.run;
        let gives_up = self.plan.campaign.channel == Channel::Webhook;
        if let Some(standing) = self.flow.news(gives_up, self.sender.now()) {
            let (account, channel) = (run.account.clone(), run.channel.clone());
            let lane = Lane { account, channel, provider: run.provider.clone() };
            self.sender.catalog.stand(&lane, standing).await?;
        }
        if self.flow.is_off() && !self.halted && run.state == RunState::Running {
            self.halted = true;
            self.pause_run(SWITCHED_OFF).await?;
        }
        Ok(())
    }

    /// Addresses that there are not are left alone from now on.
    pub(super) async fn retire(&mut self) -> Result<(), Error> {
        let (channel, reason) = (self.plan.campaign.channel, SuppressionReason::HardBounce);
        for address in std::mem::take(&mut self.retired) {
            self.sender.suppress(channel, &address, reason, BY_PROVIDER).await?;
        }
        Ok(())
    }

    /// Too much of it is refused as bad: somebody must look at it first.
    pub(super) async fn pause(&mut self) -> Result<(), Error> {
        let Some(code) = self.pauses.take() else { return Ok(()) };
        let note = format!("too many messages were refused as bad; the last one with: {code}");
        self.pause_run(&note).await
    }

    async fn pause_run(&self, note: &str) -> Result<(), Error> {
        let (run, now) = (&self.plan.run, self.sender.now());
        self.sender.catalog.move_run(run, RunState::Paused, Some(note), now).await?;
        self.sender.halts.changed(&run.run);
        Ok(())
    }
}
