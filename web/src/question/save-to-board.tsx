// "Save to board": the question of a page as a card of a board, one that there is or a new one.
import { Button, Group, Modal, NativeSelect, Radio, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { addCard, boards, CARDS_MAX, type Insight, makeBoard, NAME_MAX } from "../api/boards";
import { isDate, periodInWords, periodOf, readPeriod } from "../filters/period";
import { datesInWords } from "../filters/words";
import { Failed, Loading } from "../ui/panel";
import { cardRangeOf } from "./card-range";
import { texts } from "./texts";

/** What needs the whole page to be read. */
const WIDE: Insight[] = ["board", "paths", "rfm"];

/** The choice of a board that is yet to be made. */
const NEW = "";

export function SaveToBoard({ onClose, ...card }: SaveToBoardProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={texts.saveToBoard}
      closeButtonProps={{ "aria-label": texts.close }}
      transitionProps={{ duration: 0 }}
    >
      <Form {...card} />
    </Modal>
  );
}
type CardProps = {
  insight: Insight;
  question: object;
  /** The question in words. */
  sentence: string;
  /** What of it a card does not have, in words. */
  notKept?: string;
};
type SaveToBoardProps = CardProps & { onClose: () => void };

/** The days of a card move on: its title does not name them. */
function titleOf(sentence: string, question: object): string {
  const { from, to } = question as { from?: unknown; to?: unknown };
  const dates = isDate(from) && isDate(to) ? `, ${datesInWords({ from, to })}` : "";
  return [...(dates ? sentence.replace(dates, "") : sentence)].slice(0, NAME_MAX).join("");
}

function Form({ insight, question, sentence, notKept }: CardProps) {
  const queries = useQueryClient();
  const asked = useQuery(boards);
  const period = periodOf(readPeriod(useSearch({ strict: false }) as Record<string, unknown>));
  const [title, setTitle] = useState(() => titleOf(sentence, question));
  const [chosen, setChosen] = useState<string>();
  const [name, setName] = useState<string>(texts.myBoard);
  const [own, setOwn] = useState(false);
  const known = asked.data?.boards ?? [];
  const board = chosen ?? known.find(({ cards }) => cards < CARDS_MAX)?.id ?? NEW;
  const saved = useMutation({
    mutationFn: () => {
      const range = cardRangeOf(period);
      const dated = insight !== "sql" && own ? { range } : {};
      const width = WIDE.includes(insight) ? "whole" : "half";
      const card = { title: title.trim(), insight, question: { ...question }, width, ...dated } as const;
      return board === NEW ? makeBoard(name.trim(), range, [card]) : addCard(board, card);
    },
    onSuccess: (made) => {
      queries.setQueryData(["board of cards", made.id], made);
      void queries.invalidateQueries({ queryKey: ["boards"] });
    },
  });
  if (asked.isPending) return <Loading height={240} />;
  if (saved.data) {
    return (
      <Text size="sm" className="done" role="status">
        <IconCheck size={16} aria-hidden /> {texts.onBoard(saved.data.name)}{" "}
        <Link to="/boards/$id" params={{ id: saved.data.id }}>
          {texts.openBoard}
        </Link>
      </Text>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saved.mutate();
      }}
    >
      <Stack gap={12}>
        <TextInput
          data-autofocus
          label={texts.cardTitle}
          value={title}
          required
          withAsterisk={false}
          maxLength={NAME_MAX}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <NativeSelect
          label={texts.board}
          value={board}
          data={[
            ...known.map((one) => ({
              value: one.id,
              label: one.cards < CARDS_MAX ? one.name : texts.fullBoard(one.name),
              disabled: one.cards >= CARDS_MAX,
            })),
            { value: NEW, label: texts.newBoard },
          ]}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        {board === NEW && (
          <TextInput
            label={texts.boardName}
            value={name}
            required
            withAsterisk={false}
            maxLength={NAME_MAX}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        {insight !== "sql" && board !== NEW && (
          <Radio.Group
            label={texts.cardDays}
            value={own ? "own" : "board"}
            onChange={(value) => setOwn(value === "own")}
          >
            <Stack gap={8} mt={4}>
              <Radio value="board" label={texts.daysOfBoard} />
              <Radio value="own" label={texts.daysOwn(periodInWords(period))} />
            </Stack>
          </Radio.Group>
        )}
        {notKept && (
          <Text size="sm" className="quiet">
            {notKept}
          </Text>
        )}
        {asked.error && <Failed error={asked.error} again={() => void asked.refetch()} />}
        {saved.error && <Failed error={saved.error} />}
        <Group>
          <Button type="submit" loading={saved.isPending} disabled={asked.data === undefined}>
            {texts.saveCard}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
