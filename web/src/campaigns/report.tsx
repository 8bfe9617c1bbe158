// What came of a run: a funnel from whom it was planned for to who did what it is for, with every loss
// and its reason; links, machines apart, and the group that got nothing.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type CSSProperties, type ReactNode, useState } from "react";

import { report, type Report as Answer, type Run, sendAnew } from "../api/campaigns";
import { reasonInWords, stateInWords } from "../deliveries/words";
import { full, share } from "../ui/numbers";
import { Answered, Failed, Panel } from "../ui/panel";
import { type Behind, behindStep, type Loss, losses, mayBeChance, mayGoAnew, pointsOf } from "./funnel";
import { texts } from "./texts";

const HEIGHT = 320;

type Where = { campaign: string; run: string };

function ToMessages({ where, behind, label, children }: ToMessagesProps) {
  return (
    <Link to="/messages" search={{ ...where, ...behind }} aria-label={label}>
      {children}
    </Link>
  );
}
type ToMessagesProps = { where: Where; behind: Behind; label: string; children: ReactNode };

function Funnel({ of, where }: { of: Answer; where: Where }) {
  const planned = of.funnel[0]?.people ?? 0;
  return (
    <ol className="report-funnel" aria-label={texts.report}>
      {of.funnel.map(({ step, people }) => {
        const part = planned > 0 ? people / planned : 0;
        const behind = behindStep(step, of);
        const name = texts.reportSteps[step];
        return (
          <li key={step}>
            <span className="report-step">{name}</span>
            <span className="report-bar" aria-hidden>
              {people > 0 && <span style={{ "--part": `${100 * part}%` } as CSSProperties} />}
            </span>
            <strong className="report-number">
              {behind === undefined || people === 0 ? (
                full(people)
              ) : (
                <ToMessages where={where} behind={behind} label={`${name}: ${full(people)}`}>
                  {full(people)}
                </ToMessages>
              )}
            </strong>
            <span className="report-share quiet">{share(part)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Anew({ where, loss, onClose }: { where: Where; loss: Loss; onClose: () => void }) {
  const queries = useQueryClient();
  const sent = useMutation({
    mutationFn: () => sendAnew(where.campaign, where.run, loss.reason ?? ""),
    onSuccess: async () => {
      onClose();
      for (const of of ["campaign", "report"]) {
        await queries.invalidateQueries({ queryKey: [of, where.campaign] });
      }
    },
  });
  return (
    <Stack gap={12}>
      <Text size="sm">{texts.anewDoes(full(loss.people))}</Text>
      {sent.error && <Failed error={sent.error} />}
      <Group gap={8}>
        <Button loading={sent.isPending} onClick={() => sent.mutate()}>
          {texts.anew}
        </Button>
        <Button variant="default" onClick={onClose}>
          {texts.cancel}
        </Button>
      </Group>
    </Stack>
  );
}

function Losses({ of, where, stopped }: { of: Answer; where: Where; stopped: boolean }) {
  const [anew, setAnew] = useState<Loss>();
  const rows = losses(of);
  return (
    <>
      <Text size="sm" fw={600} mt={16} mb={4}>
        {texts.lost}
      </Text>
      {rows.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.noneLost}
        </Text>
      ) : (
        <ul className="report-losses">
          {rows.map(({ state, reason, people }) => {
            const words = reason ? reasonInWords(reason) : stateInWords(state);
            return (
              <li key={`${state} ${reason}`}>
                <strong>
                  <ToMessages where={where} behind={{ state, reason }} label={`${full(people)} ${words}`}>
                    {full(people)}
                  </ToMessages>
                </strong>{" "}
                {words} {reason && <span className="quiet">{stateInWords(state)}</span>}{" "}
                {!stopped && mayGoAnew({ state, reason, people }) && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={texts.anewOf(words)}
                    onClick={() => setAnew({ state, reason, people })}
                  >
                    {texts.anew}
                  </Button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <Modal
        opened={anew !== undefined}
        onClose={() => setAnew(undefined)}
        title={texts.anew}
        closeButtonProps={{ "aria-label": texts.cancel }}
      >
        {anew && <Anew where={where} loss={anew} onClose={() => setAnew(undefined)} />}
      </Modal>
    </>
  );
}

function Links({ of }: { of: Answer }) {
  const { opens, clicks } = of.machine;
  return (
    <Panel title={texts.links}>
      {of.links.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.noClicks}
        </Text>
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.links}>
          <table className="numbers">
            <thead>
              <tr>
                <th>{texts.link}</th>
                <th className="number">{texts.clicks}</th>
              </tr>
            </thead>
            <tbody>
              {of.links.map(({ number, address, clicks: followed }) => (
                <tr key={number}>
                  <td className="address">{address ?? <span className="quiet">{texts.differs}</span>}</td>
                  <td className="number">{full(followed)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Text size="xs" className="quiet" mt={12}>
        {texts.machinesOf(full(opens), full(clicks))}
      </Text>
    </Panel>
  );
}

function Comparison({ of }: { of: NonNullable<Answer["control"]> }) {
  const points = pointsOf(of);
  const rows = [
    [texts.treated, of.treated],
    [texts.controlGroup, of.control],
  ] as const;
  return (
    <Panel title={texts.comparison}>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.comparison}>
        <table className="numbers">
          <thead>
            <tr>
              <th aria-label={texts.people} />
              <th className="number">{texts.people}</th>
              <th className="number">{texts.converted}</th>
              <th className="number">{texts.rate}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, part]) => (
              <tr key={name}>
                <td>{name}</td>
                <td className="number">{full(part.people)}</td>
                <td className="number">{full(part.converted)}</td>
                <td className="number">{part.rate === null ? "–" : share(part.rate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Text size="sm" mt={12}>
        {points === undefined ? texts.noRate : texts.lift(points)}{" "}
        {points !== undefined && mayBeChance(of) && texts.chance}
      </Text>
    </Panel>
  );
}

export function Report({ campaign, run }: { campaign: string; run: Run }) {
  const asked = useQuery({
    ...report(campaign, run.run, run.state === "running"),
    placeholderData: keepPreviousData,
  });
  const where = { campaign, run: run.run };
  return (
    <Answered query={{ ...asked, isFetching: false }} height={HEIGHT}>
      {(of) => (
        <div className="report">
          <Panel title={texts.report}>
            <Funnel of={of} where={where} />
            <Text size="xs" className="quiet" mt={8}>
              {texts.reportHint} {of.goal && texts.convertedHint}
            </Text>
            <Losses of={of} where={where} stopped={run.state === "stopped"} />
          </Panel>
          <div className="report-aside">
            <Links of={of} />
            {of.control && <Comparison of={of.control} />}
          </div>
        </div>
      )}
    </Answered>
  );
}
