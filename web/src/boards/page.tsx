// A board: its cards beside and below each other, and its days, which hold for those that have none.
import "./boards.css";

import { Button, Group, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { account } from "../api/account";
import type { BoardCard, SavedBoard } from "../api/boards";
import { Refusal } from "../api/client";
import { periodOf } from "../filters/period";
import { PeriodControl } from "../filters/period-control";
import { cardRangeOf, periodOfCard } from "../question/card-range";
import { Note } from "../ui/note";
import { Answered, Failed, Nothing, Panel } from "../ui/panel";
import { type Act, Acting } from "./acting";
import { buttonId, Card, type Verb } from "./card";
import { type Change, moved, told } from "./change";
import { texts } from "./texts";
import { useBoard } from "./use-board";

function NotSaved({ error, onShow }: { error: unknown; onShow: () => void }) {
  if (!(error instanceof Refusal && error.code === "changed_meanwhile")) return <Failed error={error} />;
  return (
    <Note kind="mind" title={texts.meanwhile} role="alert">
      {texts.meanwhileNext}
      <div>
        <Button size="xs" mt={12} variant="default" onClick={onShow}>
          {texts.showNow}
        </Button>
      </div>
    </Note>
  );
}

function Head({ board, zone, onAct, onChange }: HeadProps) {
  return (
    <Group justify="space-between" align="end" gap={12}>
      <div>
        <Title order={1}>{board.name}</Title>
        {board.note && (
          <Text size="sm" className="quiet card-note" mt={4} maw="70ch">
            {board.note}
          </Text>
        )}
      </div>
      <Group gap={8}>
        <div role="group" aria-label={texts.boardDays}>
          <PeriodControl
            search={periodOfCard(board.range)}
            zone={zone}
            comparable={false}
            onChange={(next) => onChange((now) => ({ ...now, range: cardRangeOf(periodOf(next)) }))}
          />
        </div>
        <Button
          variant="default"
          leftSection={<IconPencil size={16} aria-hidden />}
          onClick={() => onAct({ does: "rename" })}
        >
          {texts.renameBoard}
        </Button>
        <Button
          variant="default"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => onAct({ does: "delete" })}
        >
          {texts.delete}
        </Button>
      </Group>
    </Group>
  );
}
type HeadProps = {
  board: SavedBoard;
  zone: string;
  onAct: (act: Act) => void;
  onChange: (change: Change) => void;
};

function Cards({ board, zone, onVerb }: CardsProps) {
  const { cards, range } = board;
  if (cards.length === 0) {
    const next = (
      <Stack align="center" gap={12}>
        {texts.noCardsNext}
        <Button variant="default" renderRoot={(props) => <Link to="/trends" {...props} />}>
          {texts.askTrend}
        </Button>
      </Stack>
    );
    return (
      <Panel>
        <Nothing title={texts.noCards} next={next} />
      </Panel>
    );
  }
  return (
    <div className="board-cards">
      {cards.map((card, place) => (
        <Card
          key={card.id}
          card={card}
          range={range}
          zone={zone}
          first={place === 0}
          last={place === cards.length - 1}
          onAct={(verb) => onVerb(verb, card)}
        />
      ))}
    </div>
  );
}
type CardsProps = { board: SavedBoard; zone: string; onVerb: (verb: Verb, card: BoardCard) => void };

export function OneBoard() {
  const { id } = useParams({ from: "/inside/boards/$id" });
  const { timezone } = useSuspenseQuery(account).data;
  const { asked, saved } = useBoard(id);
  const [act, setAct] = useState<Act>();
  const [said, setSaid] = useState("");
  const move = (verb: "earlier" | "later", card: BoardCard) =>
    saved.mutate(moved(card.id, verb === "earlier" ? -1 : 1), {
      onSuccess: ({ cards }) => {
        setSaid(texts.placed(card.title, cards.findIndex((one) => one.id === card.id) + 1, cards.length));
        // What moves in the page loses the focus.
        requestAnimationFrame(() => document.getElementById(buttonId(verb, card.id))?.focus());
      },
    });
  const onVerb = (verb: Verb, card: BoardCard) => {
    if (verb === "edit" || verb === "remove") setAct({ does: verb, card });
    else if (verb !== "width") move(verb, card);
    else saved.mutate(told(card.id, { width: card.width === "half" ? "whole" : "half" }));
  };
  const show = () => {
    saved.reset();
    void asked.refetch();
  };
  if (asked.error instanceof Refusal && asked.error.status === 404) {
    return (
      <Stack gap={16}>
        <Title order={1}>{texts.gone}</Title>
        <Panel>
          <Nothing title={texts.goneNext} next={<Link to="/boards">{texts.toBoards}</Link>} />
        </Panel>
      </Stack>
    );
  }
  return (
    <Answered query={{ ...asked, isFetching: false }} height={480}>
      {(board) => (
        <Stack gap={16}>
          <Head board={board} zone={timezone} onAct={setAct} onChange={saved.mutate} />
          {saved.error && <NotSaved error={saved.error} onShow={show} />}
          <VisuallyHidden role="status">{said}</VisuallyHidden>
          <Cards board={board} zone={timezone} onVerb={onVerb} />
          <Acting
            act={act}
            board={board}
            zone={timezone}
            onChange={saved.mutate}
            onDone={() => setAct(undefined)}
          />
        </Stack>
      )}
    </Answered>
  );
}
