// A page that asks one question: the sentence, below it the answer in its four states, and beside it
// the people behind a number.
import { Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { useSegmentNames } from "../filters/segment-picker";
import { Answered, Panel } from "../ui/panel";
import { PeopleBehind } from "./behind";
import type { useQuestion } from "./use-question";

export function QuestionPage<Q, A, S extends object>({ page, sentence, query, instead }: PageProps<Q, A, S>) {
  const { kind, zone, search, question, asked, complete, change } = page;
  const names = useSegmentNames();
  const behind = complete ? kind.behind?.(search, question, names) : undefined;
  return (
    <>
      <Stack gap={16}>
        <Title order={1}>{kind.title}</Title>
        {sentence && <Panel>{sentence}</Panel>}
        <Panel>
          {instead ?? (
            <Answered query={query ?? asked} height={kind.height}>
              {(answer) => <kind.Shown answer={answer} search={search} onChange={change} />}
            </Answered>
          )}
        </Panel>
      </Stack>
      {kind.behind && (
        <PeopleBehind
          of={behind?.of}
          words={behind?.words ?? ""}
          zone={zone}
          onClose={() => change({ cell: undefined } as object as Partial<S>)}
        />
      )}
    </>
  );
}
type PageProps<Q, A, S extends object> = {
  page: ReturnType<typeof useQuestion<Q, A, S>>;
  sentence?: ReactNode;
  /** What is waited for in place of the answer. */
  query?: Parameters<typeof Answered<A>>[0]["query"];
  /** What stands in place of an answer while the question is not complete. */
  instead?: ReactNode;
};
