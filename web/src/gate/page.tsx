// The gate: what came, what was refused or taken out and why, what waits for a class, who consents.
import "./gate.css";

import { SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";

import { account } from "../api/account";
import { gate } from "../api/gate";
import { RankedBars } from "../charts/bars";
import { FigureCard } from "../ui/figure-card";
import { full, moment } from "../ui/numbers";
import { Answered, Panel } from "../ui/panel";
import { Consents } from "./consents";
import { Properties } from "./properties";
import { texts } from "./texts";
import { Waiting } from "./waiting";
import { REFUSED, STRIPPED } from "./words";

const sum = (counts: Record<string, number>) =>
  Object.values(counts).reduce((all, count) => all + count, 0);

function Reasons({ title, counts, words, none }: ReasonsProps) {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([code, count]) => ({
      name: words[code] ?? code,
      more: code,
      value: count,
      shown: full(count),
    }));
  return (
    <Panel title={title}>
      {rows.length === 0 ? (
        <Text size="sm" className="quiet">
          {none}
        </Text>
      ) : (
        <RankedBars rows={rows} label={title} />
      )}
    </Panel>
  );
}
type ReasonsProps = {
  title: string;
  counts: Record<string, number>;
  words: Record<string, string>;
  none: string;
};

export function Gate() {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(gate);
  return (
    <Stack gap={16}>
      <div>
        <Title order={1}>{texts.title}</Title>
        <Text size="sm" className="quiet" mt={4} maw="70ch">
          {texts.does}
        </Text>
      </div>
      <Answered query={{ ...asked, isFetching: false }} height={640}>
        {(answer) => {
          const since = texts.since(moment(answer.since, publisher.timezone));
          return (
            <Stack gap={16}>
              <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={16}>
                <FigureCard name={texts.accepted} value={answer.accepted} hint={texts.acceptedHint} />
                <FigureCard name={texts.refused} value={sum(answer.refused)} hint={texts.refusedHint} />
                <FigureCard name={texts.stripped} value={sum(answer.stripped)} hint={texts.strippedHint} />
              </SimpleGrid>
              <Text size="xs" className="quiet">
                {since}
              </Text>
              <Waiting waiting={answer.waiting} />
              <SimpleGrid cols={{ base: 1, md: 2 }} spacing={16}>
                <Reasons
                  title={texts.refusedWhy}
                  counts={answer.refused}
                  words={REFUSED}
                  none={texts.noneRefused}
                />
                <Reasons
                  title={texts.strippedWhy}
                  counts={answer.stripped}
                  words={STRIPPED}
                  none={texts.noneStripped}
                />
              </SimpleGrid>
              <Consents consents={answer.consents} />
            </Stack>
          );
        }}
      </Answered>
      <Properties />
    </Stack>
  );
}
