//! Campaigns that were published: where each stands, when it fires next, and what its versions say.

use candor_event::{AccountId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::database::Catalog;
use crate::error::Error;
use crate::runs::Run;

/// Where a published campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignState {
    /// Somebody else has to approve it.
    WaitingForApproval,
    /// It fires when its time comes.
    Active,
    /// It does not fire until somebody says so.
    Paused,
    /// Somebody ended it.
    Stopped,
    /// It fired for the last time, and is done.
    Completed,
}

impl CampaignState {
    const ALL: [CampaignState; 5] = [
        CampaignState::WaitingForApproval,
        CampaignState::Active,
        CampaignState::Paused,
        CampaignState::Stopped,
        CampaignState::Completed,
    ];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            CampaignState::WaitingForApproval => "waiting_for_approval",
            CampaignState::Active => "active",
            CampaignState::Paused => "paused",
            CampaignState::Stopped => "stopped",
            CampaignState::Completed => "completed",
        }
    }

    fn read(word: &str) -> Result<CampaignState, Error> {
        let found = CampaignState::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or(Error::Corrupt("state of a campaign"))
    }
}

/// A published campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Whose.
    pub account: AccountId,
    /// Its id.
    pub campaign: String,
    /// Where it stands.
    pub state: CampaignState,
    /// The version that fires.
    pub version: u64,
    /// When it fires next.
    pub next_due: Option<Timestamp>,
    /// When its state changed last.
    pub changed_at: Timestamp,
}

/// What a campaign said when it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignVersion {
    /// Counts as the definition does.
    pub version: u64,
    /// The whole of it, its content inside.
    pub document: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// By whom.
    pub published_by: String,
    /// Who approved it, where that was needed.
    pub approved_by: Option<String>,
}

const CAMPAIGN: &str = "account_id, campaign, state, version, next_due, changed_at";

impl Catalog {
    /// Publishes a version of a campaign, in one step with where the campaign stands then.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn publish_campaign(
        &self,
        campaign: &Campaign,
        version: &CampaignVersion,
    ) -> Result<(), Error> {
        let failed = || Error::database("publish a campaign");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        sqlx::query("INSERT OR REPLACE INTO campaign_versions VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(campaign.account.as_str())
            .bind(&campaign.campaign)
            .bind(version.version as i64)
            .bind(&version.document)
            .bind(version.published_at.0)
            .bind(&version.published_by)
            .bind(&version.approved_by)
            .execute(&mut *one)
            .await
            .map_err(failed())?;
        put(&mut one, campaign).await.map_err(failed())?;
        one.commit().await.map_err(failed())
    }

    /// Says where a campaign stands, if it stands where it is thought to; whether it did.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn move_campaign(
        &self,
        campaign: &Campaign,
        to: CampaignState,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE campaigns SET state = ?, next_due = ?, changed_at = ? \
             WHERE account_id = ? AND campaign = ? AND state = ? AND version = ?",
        )
        .bind(to.word())
        .bind(next_due.map(|due| due.0))
        .bind(now.0)
        .bind(campaign.account.as_str())
        .bind(&campaign.campaign)
        .bind(campaign.state.word())
        .bind(campaign.version as i64)
        .execute(&self.writer)
        .await
        .map_err(Error::database("move a campaign"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets a campaign fire: plans its run and says when it fires next, in one step. False when it
    /// does not stand where it is thought to; nothing changed then.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn fire_campaign(
        &self,
        campaign: &Campaign,
        run: &Run,
        next_due: Option<Timestamp>,
    ) -> Result<bool, Error> {
        let failed = || Error::database("fire a campaign");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let done = sqlx::query(
            "UPDATE campaigns SET next_due = ? \
             WHERE account_id = ? AND campaign = ? AND state = ? AND version = ? AND next_due = ?",
        )
        .bind(next_due.map(|due| due.0))
        .bind(campaign.account.as_str())
        .bind(&campaign.campaign)
        .bind(campaign.state.word())
        .bind(campaign.version as i64)
        .bind(campaign.next_due.map(|due| due.0))
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        crate::runs::plan(&mut one, run).await.map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(true)
    }

    /// A published campaign; none where it never was.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn campaign(
        &self,
        account: &AccountId,
        campaign: &str,
    ) -> Result<Option<Campaign>, Error> {
        let query =
            format!("SELECT {CAMPAIGN} FROM campaigns WHERE account_id = ? AND campaign = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(account.as_str())
            .bind(campaign)
            .fetch_optional(&self.pool)
            .await
            .map_err(Error::database("find a campaign"))?;
        row.as_ref().map(read).transpose()
    }

    /// All published campaigns of a publisher.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn campaigns(&self, account: &AccountId) -> Result<Vec<Campaign>, Error> {
        let query = format!("SELECT {CAMPAIGN} FROM campaigns WHERE account_id = ?");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(account.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list campaigns"))?;
        rows.iter().map(read).collect()
    }

    /// The campaigns of all publishers that are to fire by a moment.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn campaigns_due(&self, by: Timestamp) -> Result<Vec<Campaign>, Error> {
        let query = format!(
            "SELECT {CAMPAIGN} FROM campaigns WHERE state = ? AND next_due <= ? ORDER BY next_due"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(CampaignState::Active.word())
            .bind(by.0)
            .fetch_all(&self.pool)
            .await
            .map_err(Error::database("list campaigns that are due"))?;
        rows.iter().map(read).collect()
    }

    /// Completes the campaigns of all publishers that do not fire again and of which no run is
    /// left.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written.
    pub async fn complete_campaigns(&self, now: Timestamp) -> Result<(), Error> {
        const DONE: &str = "state = 'active' AND next_due IS NULL AND NOT EXISTS ( \
            SELECT 1 FROM runs r WHERE r.account_id = campaigns.account_id \
              AND r.campaign = campaigns.campaign \
              AND r.state IN ('scheduled', 'running', 'paused'))";
        let failed = || Error::database("complete campaigns");
        // Seldom any: looking takes nobody's turn to write.
        let any = format!("SELECT EXISTS (SELECT 1 FROM campaigns WHERE {DONE})");
        let any = sqlx::query(sqlx::AssertSqlSafe(any)).fetch_one(&self.pool).await;
        if !any.map_err(failed())?.get::<bool, _>(0) {
            return Ok(());
        }
        let complete =
            format!("UPDATE campaigns SET state = 'completed', changed_at = ? WHERE {DONE}");
        let completed = sqlx::query(sqlx::AssertSqlSafe(complete)).bind(now.0);
        completed.execute(&self.writer).await.map_err(failed())?;
        Ok(())
    }

    /// A version of a campaign that was published.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub async fn campaign_version(
        &self,
        account: &AccountId,
        campaign: &str,
        version: u64,
    ) -> Result<Option<CampaignVersion>, Error> {
        let row = sqlx::query(
            "SELECT version, document, published_at, published_by, approved_by \
             FROM campaign_versions WHERE account_id = ? AND campaign = ? AND version = ?",
        )
        .bind(account.as_str())
        .bind(campaign)
        .bind(version as i64)
        .fetch_optional(&self.pool)
        .await
        .map_err(Error::database("find a version of a campaign"))?;
        Ok(row.map(|row| CampaignVersion {
            version: row.get::<i64, _>(0) as u64,
            document: row.get(1),
            published_at: Timestamp(row.get(2)),
            published_by: row.get(3),
            approved_by: row.get(4),
        }))
    }

    /// Approves the version that waits for it and lets the campaign fire; false when none waits.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be written; nothing changed then.
    pub async fn approve_campaign(
        &self,
        campaign: &Campaign,
        next_due: Option<Timestamp>,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let failed = || Error::database("approve a campaign");
        let mut one = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        let done = sqlx::query(
            "UPDATE campaigns SET state = ?, next_due = ?, changed_at = ? \
             WHERE account_id = ? AND campaign = ? AND state = ? AND version = ?",
        )
        .bind(CampaignState::Active.word())
        .bind(next_due.map(|due| due.0))
        .bind(now.0)
        .bind(campaign.account.as_str())
        .bind(&campaign.campaign)
        .bind(CampaignState::WaitingForApproval.word())
        .bind(campaign.version as i64)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE campaign_versions SET approved_by = ? \
             WHERE account_id = ? AND campaign = ? AND version = ?",
        )
        .bind(actor)
        .bind(campaign.account.as_str())
        .bind(&campaign.campaign)
        .bind(campaign.version as i64)
        .execute(&mut *one)
        .await
        .map_err(failed())?;
        one.commit().await.map_err(failed())?;
        Ok(true)
    }
}

async fn put(one: &mut sqlx::SqliteConnection, campaign: &Campaign) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR REPLACE INTO campaigns VALUES (?, ?, ?, ?, ?, ?)")
        .bind(campaign.account.as_str())
        .bind(&campaign.campaign)
        .bind(campaign.state.word())
        .bind(campaign.version as i64)
        .bind(campaign.next_due.map(|due| due.0))
        .bind(campaign.changed_at.0)
        .execute(one)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Campaign, Error> {
    Ok(Campaign {
        account: AccountId::new(row.get(0)).ok_or(Error::Corrupt("account id of a campaign"))?,
        campaign: row.get(1),
        state: CampaignState::read(row.get(2))?,
        version: row.get::<i64, _>(3) as u64,
        next_due: row.get::<Option<i64>, _>(4).map(Timestamp),
        changed_at: Timestamp(row.get(5)),
    })
}
