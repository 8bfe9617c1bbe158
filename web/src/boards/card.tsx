// A card: its question, asked about its days when it comes into sight, and what can be done with it.
import { ActionIcon, Group, Text, Title } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import {
  IconArrowDown,
  IconArrowsHorizontal,
  IconArrowUp,
  IconPencil,
  IconTrash,
} from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { BoardCard, BoardRange } from "../api/boards";
import { periodInWords } from "../filters/period";
import { useSegmentNames } from "../filters/segment-picker";
import { useRange } from "../filters/use-range";
import { PeopleBehind } from "../question/behind";
import { periodOfCard } from "../question/card-range";
import type { Kind } from "../question/kind";
import { askedAbout, leads } from "../question/leads";
import { OnCard } from "../question/on-card";
import { Answered } from "../ui/panel";
import { withKind } from "./kinds";
import { texts } from "./texts";

/** The height that is kept free for a chart. */
const HEIGHT = 360;

/** The question is one of the kind: the server looked at it when it was saved. */
const questionOf = <Q extends object>({ question }: BoardCard) => question as object as Q;

function Asked<Q extends object, A, S extends object>({ kind, card, days, zone, seen }: AskedProps<Q, A, S>) {
  const kept = questionOf<Q>(card);
  const question = askedAbout(kind, kept, useRange(periodOfCard(days), zone), zone);
  const query = useQuery({
    ...kind.ask(question),
    placeholderData: keepPreviousData,
    enabled: seen,
  });
  const names = useSegmentNames();
  // Which number's people are shown, and what is drawn, is nobody else's.
  const [own, setOwn] = useState<Partial<S>>({});
  const search = { ...kind.searchOf(kept), ...own };
  const behind = kind.behind?.(search, question, names);
  return (
    <OnCard value>
      <Answered query={query} height={HEIGHT}>
        {(answer) => (
          <kind.Shown
            answer={answer}
            search={search}
            onChange={(more) => setOwn((old) => ({ ...old, ...more }))}
          />
        )}
      </Answered>
      {kind.behind && (
        <PeopleBehind
          of={behind?.of}
          words={behind?.words ?? ""}
          zone={zone}
          onClose={() => setOwn((old) => ({ ...old, cell: undefined }))}
        />
      )}
    </OnCard>
  );
}
type AskedProps<Q, A, S> = {
  kind: Kind<Q, A, S>;
  card: BoardCard;
  days: BoardRange;
  zone: string;
  /** Whether it was in sight: what nobody looks at is not asked. */
  seen: boolean;
};

/** The title leads to the page of the question, where that can show it. */
function Lead<Q extends object, A, S extends object>({ kind, card, days, zone }: LeadProps<Q, A, S>) {
  const kept = questionOf<Q>(card);
  if (!leads(kind, kept, zone)) return <span title={texts.onlyHere}>{card.title}</span>;
  const period = kind.dated ? periodOfCard(days) : {};
  const none = { last: undefined, from: undefined, until: undefined, compare: undefined };
  return (
    <Link to={kind.to as "."} search={{ ...none, ...kind.searchOf(kept), ...period } as object as never}>
      {card.title}
    </Link>
  );
}
type LeadProps<Q, A, S> = Omit<AskedProps<Q, A, S>, "seen">;

export type Verb = "earlier" | "later" | "width" | "edit" | "remove";
export const buttonId = (verb: Verb, card: string) => `${verb}-${card}`;

const ICONS = {
  earlier: IconArrowUp,
  later: IconArrowDown,
  width: IconArrowsHorizontal,
  edit: IconPencil,
  remove: IconTrash,
};

function Acts({ card, first, last, onAct }: ActsProps) {
  const { id, title, width } = card;
  const names = {
    earlier: texts.earlier(title),
    later: texts.later(title),
    width: width === "half" ? texts.wider(title) : texts.narrower(title),
    edit: texts.edit(title),
    remove: texts.remove(title),
  };
  const verbs: Verb[] = ["earlier", "later", "width", "edit", "remove"];
  return (
    <Group gap={0} wrap="nowrap" className="card-acts">
      {verbs.map((verb) => {
        const Icon = ICONS[verb];
        // One that does nothing now keeps the focus: the next move may be back.
        const idle = (verb === "earlier" && first) || (verb === "later" && last);
        return (
          <ActionIcon
            key={verb}
            id={buttonId(verb, id)}
            variant="subtle"
            color="gray"
            aria-label={names[verb]}
            title={names[verb]}
            aria-disabled={idle}
            data-disabled={idle || undefined}
            visibleFrom={verb === "width" ? "md" : undefined}
            onClick={() => !idle && onAct(verb)}
          >
            <Icon size={16} stroke={1.7} aria-hidden />
          </ActionIcon>
        );
      })}
    </Group>
  );
}
type ActsProps = { card: BoardCard; first: boolean; last: boolean; onAct: (verb: Verb) => void };

export function Card({ card, range, zone, first, last, onAct }: CardProps) {
  const { ref, entry } = useIntersection({ rootMargin: "400px" });
  const [seen, setSeen] = useState(false);
  if (!seen && entry?.isIntersecting) setSeen(true);
  const days = card.range ?? range;
  return (
    <section ref={ref} className="card board-card" data-width={card.width} aria-label={card.title}>
      <Group justify="space-between" align="start" gap={8} wrap="nowrap">
        <div className="card-head">
          <Text size="xs" className="quiet">
            {texts.kinds[card.insight]}
          </Text>
          <Title order={2}>
            {withKind(card, (kind) => (
              <Lead kind={kind} card={card} days={days} zone={zone} />
            ))}
          </Title>
        </div>
        <Acts card={card} first={first} last={last} onAct={onAct} />
      </Group>
      {card.range && card.insight !== "sql" && (
        <Text size="xs" className="quiet" mt={4}>
          {texts.ownDays(periodInWords(periodOfCard(card.range)))}
        </Text>
      )}
      {card.note && (
        <Text size="sm" mt={4} className="card-note">
          {card.note}
        </Text>
      )}
      <div className="card-answer">
        {withKind(card, (kind) => (
          <Asked kind={kind} card={card} days={days} zone={zone} seen={seen} />
        ))}
      </div>
    </section>
  );
}
type CardProps = {
  card: BoardCard;
  /** The days of the board. */
  range: BoardRange;
  zone: string;
  first: boolean;
  last: boolean;
  onAct: (verb: Verb) => void;
};
