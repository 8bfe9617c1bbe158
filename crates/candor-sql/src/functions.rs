//! Questions of the product as tables: `funnel('{…}')` gives the answer's rows.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use candor_query::Cancel;
use candor_store::View;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{
    Session as Planning, TableFunctionArgs, TableFunctionImpl, TableProvider,
};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::error::Error;
use crate::questions::Question;

/// A table function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// The steps of a funnel.
    Funnel,
    /// The cohorts of a retention, by period.
    Retention,
}

impl Function {
    /// All of them.
    pub const ALL: [Function; 2] = [Function::Funnel, Function::Retention];

    /// What it is called in a statement, and where the question is asked otherwise.
    pub fn name(self) -> &'static str {
        match self {
            Function::Funnel => "funnel",
            Function::Retention => "retention",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name() == name)
    }
}

/// A table function with the questions that the statement asks, by their place in it.
pub(crate) struct Asking {
    pub(crate) function: Function,
    pub(crate) questions: Arc<HashMap<String, Arc<Question>>>,
    pub(crate) view: Arc<View>,
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("function", &self.function).finish_non_exhaustive()
    }
}

impl TableFunctionImpl for Asking {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let text = match args.exprs() {
            [Expr::Literal(ScalarValue::Utf8(Some(text)), _)] => self.questions.get(text),
            _ => None,
        };
        let question = text.ok_or_else(|| {
            let message = format!("{} takes one text", self.function.name());
            Error::bad(message).within()
        })?;
        Ok(Arc::new(Answered { question: question.clone(), view: self.view.clone() }))
    }
}

/// The answer of a question as a table.
struct Answered {
    question: Arc<Question>,
    view: Arc<View>,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered").finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for Answered {
    fn schema(&self) -> SchemaRef {
        self.question.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Planning,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.question.schema();
        let part = Answering {
            question: self.question.clone(),
            view: self.view.clone(),
            schema: schema.clone(),
        };
        let parts: Vec<Arc<dyn PartitionStream>> = vec![Arc::new(part)];
        Ok(Arc::new(StreamingTableExec::try_new(schema, parts, projection, None, false, limit)?))
    }
}

struct Answering {
    question: Arc<Question>,
    view: Arc<View>,
    schema: SchemaRef,
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}

/// Ends a question when the statement that asks it ends.
struct Leaving(Cancel);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl PartitionStream for Answering {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (question, view) = (self.question.clone(), self.view.clone());
        let answer = async move {
            let leaving = Leaving(Cancel::default());
            let cancel = leaving.0.clone();
            let work = tokio::task::spawn_blocking(move || question.answer(&view, &cancel));
            work.await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
        };
        let stream = futures::stream::once(answer);
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream))
    }
}
