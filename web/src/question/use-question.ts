// What a page that asks one question has: its state in the address, the question, and the answer.
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { account } from "../api/account";
import { type PeriodSearch, readPeriod } from "../filters/period";
import { useRange } from "../filters/use-range";
import type { Compared, Kind } from "./kind";

type Found<S> = Compared<S> & PeriodSearch;

/** The state of a page in its address. */
export function useFound<Q, A, S extends object>(kind: Kind<Q, A, S>): Found<S> {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const compare = search.compare === true ? { compare: true } : {};
  return { ...kind.read(search), ...readPeriod(search), ...compare };
}

/** `filled` is the state with what is taken where the address says nothing; undefined asks nothing. */
export function useQuestion<Q, A, S extends object>(
  kind: Kind<Q, A, S>,
  filled: (found: Found<S>) => Found<S> | undefined = (found) => found,
) {
  const { timezone: zone } = useSuspenseQuery(account).data;
  const found = useFound(kind);
  const navigate = useNavigate();
  const complete = filled(found);
  const search = complete ?? found;
  const range = useRange(search, zone);
  const question = kind.questionOf(search, range, zone);
  const asked = useQuery({
    ...kind.ask(question),
    placeholderData: keepPreviousData,
    enabled: complete !== undefined,
  });
  const change = (more: Partial<S>) =>
    void navigate({
      to: ".",
      search: (old: object) => ({ ...old, ...search, ...more }),
      resetScroll: false,
    });
  return { kind, zone, search, range, question, asked, complete: complete !== undefined, change };
}
