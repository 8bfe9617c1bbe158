// An answer in its order: the picture, how long it took and what can be done with it, the table.
import { useComputedColorScheme } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { account } from "../api/account";
import type { Meta } from "../api/insights";
import type { Scheme } from "../charts/colours";
import type { Frame } from "../charts/picture";
import { AnswerFoot } from "../ui/answer-foot";
import { saveCsv, savePng } from "../ui/download";
import { answeredAt } from "../ui/numbers";

export function Answer({ title, sentence, meta, picture, paint, rows, onPeople, children }: AnswerProps) {
  const { name, timezone } = useSuspenseQuery(account).data;
  const scheme = useComputedColorScheme("light");
  const words = { title: `${name} · ${title}`, sentence, foot: answeredAt(meta, timezone) };
  return (
    <>
      {picture}
      <AnswerFoot
        meta={meta}
        zone={timezone}
        onPeople={onPeople}
        onCsv={() => saveCsv(sentence, rows())}
        onPng={async () => savePng(sentence, await paint(words, scheme))}
      />
      {children}
    </>
  );
}
type AnswerProps = {
  /** What the page is called. */
  title: string;
  /** The question in words, by which files are named. */
  sentence: string;
  meta: Meta;
  picture: ReactNode;
  /** The picture to pass on, whatever the page's width. */
  paint: (words: Frame, scheme: Scheme) => HTMLCanvasElement | Promise<HTMLCanvasElement>;
  /** The rows of the file, the first the names of its columns. */
  rows: () => (string | number)[][];
  /** Goes to the people behind the whole answer, where there are such. */
  onPeople?: () => void;
  /** The table, where the picture is none. */
  children?: ReactNode;
};
