// What a card shows: the question of any kind, asked and drawn as its page does.
import type { BoardCard } from "../api/boards";
import { kind as board } from "../board/kind";
import { kind as funnel } from "../funnels/kind";
import { kind as paths } from "../paths/kind";
import { kind as pivot } from "../pivot/kind";
import type { Kind } from "../question/kind";
import { kind as retention } from "../retention/kind";
import { kind as rfm } from "../rfm/kind";
import { kind as sql } from "../sql/kind";
import { kind as stickiness } from "../stickiness/kind";
import { kind as trend } from "../trends/kind";

/** Whoever takes a kind, whatever its question and its answer are. */
type Taken<R> = <Q extends object, A, S extends object>(kind: Kind<Q, A, S>) => R;

const KINDS: Record<BoardCard["insight"], <R>(take: Taken<R>) => R> = {
  trend: (take) => take(trend),
  funnel: (take) => take(funnel),
  retention: (take) => take(retention),
  stickiness: (take) => take(stickiness),
  paths: (take) => take(paths),
  rfm: (take) => take(rfm),
  pivot: (take) => take(pivot),
  board: (take) => take(board),
  sql: (take) => take(sql),
};

/** Does something with the kind of a card. */
export const withKind = <R,>({ insight }: BoardCard, take: Taken<R>): R => KINDS[insight](take);
