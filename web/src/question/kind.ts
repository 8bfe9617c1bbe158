// A kind of question, as its page and a board know it: how it is asked and shown, and how it stands in
// the address of its page.
import type { ReactNode } from "react";

import type { Asking, Behind } from "../api/insights";
import type { Insight } from "../api/boards";
import type { Range } from "../filters/period";
import type { SegmentNames } from "../filters/words";

/** What is beside the question in the address of a page: whether the period before is compared. */
export type Compared<S> = S & { compare?: boolean };

export type ShownProps<A, S> = {
  answer: A;
  search: Compared<S>;
  /** Changes the state in the address: which number's people are shown, what is drawn. */
  onChange: (more: Partial<S>) => void;
};

export type Kind<Q, A, S> = {
  insight: Insight;
  /** What its page is called. */
  title: string;
  /** The address of its page. */
  to: string;
  /** The height of a usual answer, which is kept free while it is awaited. */
  height: number;
  /** Whether it is asked about days. */
  dated: boolean;
  read: (search: Record<string, unknown>) => S;
  questionOf: (search: Compared<S>, range: Range, zone: string) => Q;
  /** The state that asks a question; what its page does not know of it is left out. */
  searchOf: (question: Q) => Compared<S>;
  ask: (question: Q) => Asking<A>;
  Shown: (props: ShownProps<A, S>) => ReactNode;
  /** The people behind the number that is chosen, and what it counts. */
  behind?: (
    search: S,
    question: Q,
    names: SegmentNames,
  ) => { of: Behind; words: string } | undefined;
};
