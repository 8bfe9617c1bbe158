//! Documents that people save under a name: how any kind of them is found, made, changed and
//! removed.

use candor_catalog::{Definition, NewDefinition};
use serde::Serialize;

use crate::command::secret;
use crate::http::access::Caller;
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::server::Server;

/// A kind of document.
pub struct Kind {
    /// What one is called, in the catalog, the audit and to people.
    pub word: &'static str,
    /// Why no more are taken: a code of problems.
    pub too_many: &'static str,
    /// How many one publisher may have.
    pub most: usize,
}

/// A document as somebody sends it.
pub struct Draft<'a, D> {
    /// What people call it.
    pub name: &'a str,
    pub document: &'a D,
    /// The version that was changed: when another came since, nothing is saved.
    pub version: Option<u64>,
}

impl Kind {
    /// One of the publisher's.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn found(
        &self,
        server: &Server,
        caller: &Caller,
        id: &str,
    ) -> Result<Definition, Problem> {
        let account = &caller.tenant.publisher.account_id;
        let found = server.catalog.definition(account, self.word, id).await?;
        found.ok_or_else(Problem::not_found)
    }

    /// Saves it under a new id.
    ///
    /// # Errors
    /// A version is named, or there are too many.
    pub async fn make<D: Serialize>(
        &self,
        server: &Server,
        caller: &Caller,
        draft: &Draft<'_, D>,
    ) -> Result<Definition, Problem> {
        if draft.version.is_some() {
            let message = format!("none: a new {} begins with version 1", self.word);
            return Err(wrong("/version", message));
        }
        let _one = caller.tenant.defining.lock().await;
        let account = &caller.tenant.publisher.account_id;
        if server.catalog.definition_ids(account, self.word).await?.len() >= self.most {
            let message = format!("{} {}s are saved: delete some first", self.most, self.word);
            return Err(Problem::conflict(self.too_many, message));
        }
        let id = secret(8).map_err(|_| Problem::internal())?;
        self.save(server, caller, &id, draft).await
    }

    /// Saves another version.
    ///
    /// # Errors
    /// There is none of this id, or somebody saved another version since.
    pub async fn change<D: Serialize>(
        &self,
        server: &Server,
        caller: &Caller,
        id: &str,
        draft: &Draft<'_, D>,
    ) -> Result<Definition, Problem> {
        let _one = caller.tenant.defining.lock().await;
        let now = self.found(server, caller, id).await?.version;
        if draft.version.is_some_and(|version| version != now) {
            let word = self.word;
            let detail = format!("the {word} was changed meanwhile: it is version {now} now");
            return Err(Problem::conflict("changed_meanwhile", detail));
        }
        self.save(server, caller, id, draft).await
    }

    /// Removes it.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn remove(&self, server: &Server, caller: &Caller, id: &str) -> Result<(), Problem> {
        let _one = caller.tenant.defining.lock().await;
        let saved = self.found(server, caller, id).await?;
        self.audited(server, caller, "delete", &saved.name, id).await?;
        let account = &caller.tenant.publisher.account_id;
        server.catalog.remove_definition(account, self.word, id).await?;
        Ok(())
    }

    async fn save<D: Serialize>(
        &self,
        server: &Server,
        caller: &Caller,
        id: &str,
        draft: &Draft<'_, D>,
    ) -> Result<Definition, Problem> {
        let Draft { name, document, .. } = draft;
        let document = serde_json::to_string(document).map_err(|_| Problem::internal())?;
        self.audited(server, caller, "save", name, id).await?;
        let kind = self.word;
        let new = NewDefinition { kind, id, name, document: &document, actor: &caller.name };
        let account = &caller.tenant.publisher.account_id;
        server.catalog.put_definition(account, &new, server.now()).await?;
        self.found(server, caller, id).await
    }

    /// What is done is written down before.
    async fn audited(
        &self,
        server: &Server,
        caller: &Caller,
        verb: &str,
        name: &str,
        id: &str,
    ) -> Result<(), Problem> {
        let (action, subject) = (format!("{verb} {}", self.word), format!("{name} ({id})"));
        audit(server, &caller.tenant, caller.name.clone(), &action, subject).await
    }
}

/// A text that people write, without what surrounds it.
///
/// # Errors
/// It is empty or too long.
pub fn text(sent: &str, chars_max: usize, place: &str) -> Result<String, Problem> {
    let text = sent.trim();
    match (1..=chars_max).contains(&text.chars().count()) {
        true => Ok(text.to_owned()),
        false => Err(wrong(place, format!("a text of 1 to {chars_max} characters"))),
    }
}
