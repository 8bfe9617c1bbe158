// The gate: what came, what was refused or taken out and why, what waits for a class, who consents.
import { SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";

import { account } from "../api/account";
import { gate, type GateAnswer } from "../api/gate";
import { RankedBars } from "../charts/bars";
import { FigureCard } from "../ui/figure-card";
import { full, moment, share } from "../ui/numbers";
import { Answered, Nothing, Panel } from "../ui/panel";
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
      name: `${words[code] ?? code} (${code})`,
      value: count,
      shown: full(count),
    }));
  return (
    <Panel title={title}>
      {rows.length === 0 ? <Nothing title={none} /> : <RankedBars rows={rows} label={title} />}
    </Panel>
  );
}
type ReasonsProps = {
  title: string;
  counts: Record<string, number>;
  words: Record<string, string>;
  none: string;
};

function Consents({ consents }: { consents: GateAnswer["consents"] }) {
  const rows = Object.entries(consents);
  const spoke = rows.some(([, { yes, no }]) => yes + no > 0);
  return (
    <Panel title={texts.consents}>
      {!spoke && <Text className="quiet">{texts.nobodySpoke}</Text>}
      {spoke && (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.consents}>
          <table className="numbers">
            <thead>
              <tr>
                <th>{texts.purpose}</th>
                <th className="number">{texts.yes}</th>
                <th className="number">{texts.no}</th>
                <th className="number">{texts.rate}</th>
                <th aria-hidden style={{ width: "35%" }} />
              </tr>
            </thead>
            <tbody>
              {rows.map(([purpose, { yes, no }]) => (
                <tr key={purpose}>
                  <td>{purpose}</td>
                  <td className="number">{full(yes)}</td>
                  <td className="number">{full(no)}</td>
                  <td className="number">{yes + no > 0 ? share(yes / (yes + no)) : "–"}</td>
                  <td aria-hidden>
                    <div className="rate">
                      <div style={{ width: `${yes + no > 0 ? (100 * yes) / (yes + no) : 0}%` }} />
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

export function Gate() {
  const { data: publisher } = useSuspenseQuery(account);
  const asked = useQuery(gate);
  return (
    <Stack gap={16} component="main">
      <Title order={1}>{texts.title}</Title>
      <Answered query={{ ...asked, isFetching: false }} height={480}>
        {(answer) => {
          const since = texts.since(moment(answer.since, publisher.timezone));
          return (
            <Stack gap={16}>
              <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={16}>
                <FigureCard name={texts.accepted} value={answer.accepted} hint={since} />
                <FigureCard name={texts.refused} value={sum(answer.refused)} hint={texts.refusedHint} />
                <FigureCard name={texts.stripped} value={sum(answer.stripped)} hint={texts.strippedHint} />
              </SimpleGrid>
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
