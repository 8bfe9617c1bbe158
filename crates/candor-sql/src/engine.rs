//! Asking: statements are planned and run on threads of their own, within bounds.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use candor_event::Timestamp;
use candor_store::View;
use datafusion::arrow::temporal_conversions::timestamp_ms_to_datetime;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider};
use datafusion::common::Result as PlanResult;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::allowed::{FUNCTIONS, check_literals};
use crate::answer::{Answer, Encoder, Form, parts};
use crate::columns::{Masked, Table};
use crate::error::Error;
use crate::functions::{Asking, Function};
use crate::growth::BoundCalls;
use crate::held::bound_steps;
use crate::questions::Question;
use crate::statement::{Asked, Statement};
use crate::tables::{Made, Tables, Watch};
use crate::{inlined, kinds};

/// Statements that run at once; others wait.
const AT_ONCE: usize = 2;
/// What is read is measured only then: it may be a chain of ten thousands of operators, and each is
/// a step down.
const STACK_BYTES: usize = 64 << 20;
/// Rows that a step of a plan hands on at once: what it makes of them is not counted.
const BATCH_ROWS: usize = 1_024;
/// Answers that wait to be taken may have so many times the memory of one statement.
const WAITING_ANSWERS: usize = 2;

/// Answers statements. One is enough for a server.
pub struct Engine {
    /// None only while it is dropped.
    runtime: Option<Runtime>,
    threads: usize,
    bytes_max: usize,
    running: Arc<Semaphore>,
    /// Mebibytes of answers.
    waiting: Arc<Semaphore>,
}

/// A statement, and for whom it is asked.
pub struct Ask {
    /// The statement.
    pub sql: String,
    /// Of which data.
    pub view: Arc<View>,
    /// What is hidden from the asker.
    pub masked: Masked,
    /// The questions that the statement asks, each as [`Engine::questions`] found it.
    pub questions: Vec<(Asked, Question)>,
    /// Rows that are answered at most.
    pub rows_max: usize,
    /// How they are answered.
    pub form: Form,
    /// What `now()` is.
    pub now: Timestamp,
    /// Of whom it takes its turn.
    pub share: Arc<Share>,
}

/// What one of several who ask may take: half of what there is, so that the others are never
/// without.
pub struct Share {
    running: Arc<Semaphore>,
    /// Mebibytes of answers.
    waiting: Arc<Semaphore>,
}

/// A statement that is planned and waits for leave to run. Dropping it ends it.
pub struct Running {
    /// The properties that it reads.
    pub reads: Vec<String>,
    go: oneshot::Sender<()>,
    work: JoinSet<Result<Answer, Error>>,
}

impl Engine {
    /// Starts as many threads as there are cores. Each statement may take `bytes_max` bytes of
    /// memory; nothing is ever written to a disk.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(bytes_max: usize) -> std::io::Result<Engine> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(2 * AT_ONCE)
            .thread_stack_size(STACK_BYTES)
            .thread_name("sql")
            .enable_time()
            .build()?;
        let waiting = waiting_max(bytes_max);
        Ok(Engine {
            runtime: Some(runtime),
            threads,
            bytes_max,
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(waiting)),
        })
    }

    /// A share for one who asks, to be kept.
    pub fn share(&self) -> Arc<Share> {
        let running = Arc::new(Semaphore::new(AT_ONCE / 2));
        Arc::new(Share {
            running,
            waiting: Arc::new(Semaphore::new(waiting_max(self.bytes_max) / 2)),
        })
    }

    /// All tables of a view with all their columns; those that are hidden from the asker are
    /// marked.
    pub async fn tables(&self, view: Arc<View>, masked: Masked) -> Result<Vec<Table>, Error> {
        self.work(async move { Ok(Tables::all(&view, &masked)) }).await
    }

    /// The questions that a statement asks, for the caller to check and to resolve.
    ///
    /// # Errors
    /// The statement cannot be read, or does not only read.
    pub async fn questions(&self, sql: String) -> Result<Vec<Asked>, Error> {
        self.work(async move { Statement::read(&sql).map(|statement| statement.asked) }).await
    }

    /// Plans a statement, when others are done; it runs when [`Running::answer`] is called.
    ///
    /// # Errors
    /// The statement cannot be planned.
    pub async fn plan(&self, ask: Ask) -> Result<Running, Error> {
        let (tell, told) = oneshot::channel();
        let (go, may_go) = oneshot::channel();
        let (running, waiting) = (self.running.clone(), self.waiting.clone());
        let (threads, bytes_max) = (self.threads, self.bytes_max);
        let mut work = JoinSet::new();
        let task = async move {
            let share = ask.share.clone();
            // Its own first: who waits for that keeps nobody else from theirs.
            let _own = share.running.clone().acquire_owned().await.map_err(|_| Error::Cancelled)?;
            let _turn = running.acquire_owned().await.map_err(|_| Error::Cancelled)?;
            let planned = Planned::plan(ask, threads, bytes_max).await?;
            let _ = tell.send(planned.watch.properties());
            may_go.await.map_err(|_| Error::Cancelled)?;
            planned.run([&share.waiting, &waiting]).await
        };
        if let Some(runtime) = &self.runtime {
            work.spawn_on(task, runtime.handle());
        }
        match told.await {
            Ok(reads) => Ok(Running { reads, go, work }),
            Err(_) => Err(joined(&mut work).await.err().unwrap_or(Error::Cancelled)),
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let mut set = JoinSet::new();
        if let Some(runtime) = &self.runtime {
            set.spawn_on(work, runtime.handle());
        }
        joined(&mut set).await
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It is dropped where nothing may block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Running {
    /// Runs it.
    ///
    /// # Errors
    /// What the rows brought to light, or a bound.
    pub async fn answer(mut self) -> Result<Answer, Error> {
        let _ = self.go.send(());
        joined(&mut self.work).await
    }
}

async fn joined<T: 'static>(work: &mut JoinSet<Result<T, Error>>) -> Result<T, Error> {
    match work.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) if error.is_panic() => Err(Error::Failed("it panicked")),
        _ => Err(Error::Cancelled),
    }
}

const MEBIBYTE: usize = 1 << 20;

/// Mebibytes of all answers that wait; two halves of them.
fn waiting_max(bytes_max: usize) -> usize {
    2 * (WAITING_ANSWERS * bytes_max).div_ceil(2 * MEBIBYTE)
}

/// A statement that can run.
struct Planned {
    state: SessionState,
    plan: Arc<dyn ExecutionPlan>,
    watch: Arc<Watch>,
    form: Form,
    rows_max: usize,
    as_of: Timestamp,
    bytes_max: usize,
}

impl Planned {
    async fn plan(ask: Ask, threads: usize, bytes_max: usize) -> Result<Planned, Error> {
        let statement = Statement::read(&ask.sql)?;
        let watch = Arc::new(Watch::default());
        let planned = plan(&ask, statement, threads, bytes_max, &watch).await;
        let hides = |column: &str| watch.hides(column);
        let (state, plan) = planned.map_err(|error| Error::of(&error, &hides, bytes_max))?;
        let (form, rows_max, as_of) = (ask.form, ask.rows_max, ask.view.as_of);
        Ok(Planned { state, plan, watch, form, rows_max, as_of, bytes_max })
    }

    async fn run(self, waiting: [&Arc<Semaphore>; 2]) -> Result<Answer, Error> {
        let mut answer = self.rows().await.map_err(|error| {
            Error::of(&error, &|column| self.watch.hides(column), self.bytes_max)
        })?;
        let bytes = answer.pieces.iter().map(Vec::len).sum::<usize>();
        let share = bytes.div_ceil(MEBIBYTE) as u32;
        for waiting in waiting {
            let held = waiting.clone().try_acquire_many_owned(share).map_err(|_| Error::Full)?;
            answer.held.push(held);
        }
        Ok(answer)
    }

    async fn rows(&self) -> PlanResult<Answer> {
        let context = self.state.task_ctx();
        let held = MemoryConsumer::new("answer").register(context.memory_pool());
        let mut stream = execute_stream(self.plan.clone(), context)?;
        let mut encoder = Encoder::new(self.form, stream.schema())?;
        let (mut pieces, mut rows, mut truncated) = (vec![Vec::new()], 0, false);
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let room = self.rows_max - rows;
            truncated = batch.num_rows() > room;
            let batch = batch.slice(0, room.min(batch.num_rows()));
            rows += batch.num_rows();
            for part in parts(&batch) {
                let piece = encoder.encode(&part)?;
                held.try_grow(piece.len())?;
                pieces.push(piece);
            }
            if truncated {
                break;
            }
        }
        let columns = encoder.columns();
        let as_of = candor_query::rfc3339(self.as_of, &jiff::tz::TimeZone::UTC);
        let (before, after) = encoder.finish(truncated, &as_of)?;
        pieces[0] = before;
        pieces.push(after);
        let scanned = self.watch.scanned.load(Ordering::Relaxed);
        Ok(Answer { columns, pieces, rows, truncated, scanned, held: Vec::new() })
    }
}

async fn plan(
    ask: &Ask,
    statement: Statement,
    threads: usize,
    bytes_max: usize,
    watch: &Arc<Watch>,
) -> PlanResult<(SessionState, Arc<dyn ExecutionPlan>)> {
    let state = state(ask, &statement, threads, bytes_max, watch)?;
    let plan = state.statement_to_plan(statement.parsed).await?;
    // What the words of a statement let through, its plan does not.
    let reads_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false);
    reads_only.with_allow_statements(false).verify_plan(&plan)?;
    kinds::check(&plan)?;
    FUNCTIONS.check(&plan)?;
    inlined::check(&plan)?;
    let plan: LogicalPlan = match statement.is_query {
        // One more tells that there are more.
        true => LogicalPlanBuilder::from(plan).limit(0, Some(ask.rows_max + 1))?.build()?,
        false => plan,
    };
    let plan = state.optimize(&plan)?;
    check_literals(&plan)?;
    kinds::check_casts(&plan)?;
    let texts = inlined::texts_bytes(&plan)?;
    let plan = state.query_planner().create_physical_plan(&plan, &state).await?;
    Ok((state.clone(), bound_steps(plan, texts)?))
}

/// What the planner knows: the tables of one view, and no other data.
fn state(
    ask: &Ask,
    statement: &Statement,
    threads: usize,
    bytes_max: usize,
    watch: &Arc<Watch>,
) -> PlanResult<SessionState> {
    let config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_information_schema(true)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema("candor", "public")
        .with_batch_size(BATCH_ROWS)
        // It makes room for as many rows as LIMIT says.
        .set_bool("datafusion.optimizer.enable_topk_aggregation", false)
        // No table here takes such conditions, and each is written out on its way down.
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
        // Names of properties are told apart by their case.
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.sql_parser.collect_spans", true);
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes_max));
    // What does not fit is refused: nothing of a publisher lies on a disk unsealed.
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let environment =
        RuntimeEnvBuilder::new().with_memory_pool(pool).with_disk_manager_builder(disk);
    let mut state = FUNCTIONS
        .builder()
        .with_config(config)
        .with_runtime_env(environment.build_arc()?)
        .with_analyzer_rule(Arc::new(BoundCalls))
        .build();
    state.execution_props_mut().query_execution_start_time =
        timestamp_ms_to_datetime(ask.now.0).map(|now| now.and_utc());
    let tables = Tables {
        view: ask.view.clone(),
        masked: ask.masked.clone(),
        watch: watch.clone(),
        threads,
        named: statement.tables,
        all_columns: statement.all_columns,
        made: Made::default(),
    };
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema("public", Arc::new(tables))?;
    state.catalog_list().register_catalog("candor".to_owned(), Arc::new(catalog));
    let question = |(place, asked): (usize, &Asked)| {
        let same =
            |known: &Asked| (known.function, &known.question) == (asked.function, &asked.question);
        let (_, question) = ask.questions.iter().find(|(known, _)| same(known))?;
        Some((place.to_string(), Arc::new(question.clone())))
    };
    let questions: HashMap<_, _> =
        statement.asked.iter().enumerate().filter_map(question).collect();
    let questions = Arc::new(questions);
    for function in Function::ALL {
        let asking = Asking { function, questions: questions.clone(), view: ask.view.clone() };
        state.register_udtf(function.name(), Arc::new(asking));
    }
    Ok(state)
}
