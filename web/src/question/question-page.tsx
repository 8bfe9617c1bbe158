// A page that asks one question: the sentence, and below it the answer in its four states.
import { Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { Answered, Panel } from "../ui/panel";

type Query<A> = Parameters<typeof Answered<A>>[0]["query"];

export function QuestionPage<A>({ title, sentence, query, height, instead, children }: PageProps<A>) {
  return (
    <Stack gap={16}>
      <Title order={1}>{title}</Title>
      {sentence && <Panel>{sentence}</Panel>}
      <Panel>
        {instead ?? (
          <Answered query={query} height={height}>
            {children}
          </Answered>
        )}
      </Panel>
    </Stack>
  );
}
type PageProps<A> = {
  title: string;
  sentence?: ReactNode;
  query: Query<A>;
  /** The height of a usual answer, which is kept free while it is awaited. */
  height: number;
  /** What stands in place of an answer while the question is not complete. */
  instead?: ReactNode;
  children: (answer: A) => ReactNode;
};
