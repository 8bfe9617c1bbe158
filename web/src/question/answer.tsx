// An answer in its order: the picture, how long it took and what can be done with it, the table. On a
// card it is the picture, or the table where there is none.
import { useComputedColorScheme } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { account } from "../api/account";
import type { Insight } from "../api/boards";
import type { Meta } from "../api/insights";
import type { Scheme } from "../charts/colours";
import type { Frame } from "../charts/picture";
import { AnswerFoot } from "../ui/answer-foot";
import { saveCsv, savePng } from "../ui/download";
import { answeredAt } from "../ui/numbers";
import { useOnCard } from "./on-card";
import { SaveToBoard } from "./save-to-board";

export function Answer(props: AnswerProps) {
  const { insight, question, title, sentence, meta, picture, paint, rows, onPeople } = props;
  const { noLink, asked, notKept, children } = props;
  const { name, timezone } = useSuspenseQuery(account).data;
  const scheme = useComputedColorScheme("light");
  const onCard = useOnCard();
  const [saving, setSaving] = useState(false);
  const words = { title: `${name} · ${title}`, sentence, foot: answeredAt(meta, timezone) };
  return (
    <>
      {picture}
      {onCard && !picture && children}
      <AnswerFoot
        meta={meta}
        zone={timezone}
        linked={!onCard}
        noLink={noLink}
        onPeople={onCard ? undefined : onPeople}
        onCsv={() => saveCsv(sentence, rows())}
        onPng={paint && (async () => savePng(sentence, await paint(words, scheme)))}
        onBoard={onCard ? undefined : () => setSaving(true)}
      />
      {!onCard && children}
      {saving && (
        <SaveToBoard
          insight={insight}
          question={question}
          sentence={asked ?? sentence}
          notKept={notKept}
          onClose={() => setSaving(false)}
        />
      )}
    </>
  );
}
type AnswerProps = {
  insight: Insight;
  /** What it answers. */
  question: object;
  /** What the page is called. */
  title: string;
  /** The question in words, by which files are named. */
  sentence: string;
  meta: Meta;
  picture: ReactNode;
  /** The picture to pass on, whatever the page's width, where there is one. */
  paint?: (words: Frame, scheme: Scheme) => HTMLCanvasElement | Promise<HTMLCanvasElement>;
  /** The rows of the file, the first the names of its columns. */
  rows: () => (string | number | bigint)[][];
  /** Goes to the people behind the whole answer, where there are such. */
  onPeople?: () => void;
  /** The question alone in words, where the sentence says which part of the answer is drawn, too. */
  asked?: string;
  /** What is on the page and not on a card of it, in words. */
  notKept?: string;
  /** Why the address is not that of the answer, where it is not. */
  noLink?: string;
  /** The table, where the picture is none. */
  children?: ReactNode;
};
