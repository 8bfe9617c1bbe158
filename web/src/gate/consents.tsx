// Who allowed what: of those who answered, purpose by purpose, the most answered first.
import { Text } from "@mantine/core";
import type { CSSProperties } from "react";

import type { GateAnswer } from "../api/gate";
import { purposeInWords } from "../filters/purposes";
import { full, share } from "../ui/numbers";
import { Panel } from "../ui/panel";
import { texts } from "./texts";

type Answers = { yes: number; no: number };

function Purpose({ purpose, yes, no }: Answers & { purpose: string }) {
  const all = yes + no;
  const words = purposeInWords(purpose);
  return (
    <tr>
      <td>
        {words ?? purpose} {words && <code className="quiet">{purpose}</code>}
      </td>
      <td className="number">
        <strong>{all > 0 ? share(yes / all) : "–"}</strong>
      </td>
      <td aria-hidden className="roomy" style={{ width: "30%" }}>
        {all > 0 && (
          <div className="rate" style={{ "--part": `${(100 * yes) / all}%` } as CSSProperties}>
            <div />
          </div>
        )}
      </td>
      <td className="number">{full(yes)}</td>
      <td className="number">{full(no)}</td>
    </tr>
  );
}

export function Consents({ consents }: { consents: GateAnswer["consents"] }) {
  const answered = (counts: Answers) => counts.yes + counts.no;
  const rows = Object.entries(consents).sort(
    ([, one], [, other]) => answered(other) - answered(one) || other.yes - one.yes,
  );
  const spoke = rows.some(([, counts]) => answered(counts) > 0);
  return (
    <Panel title={texts.consents}>
      <Text size="sm" className="quiet" maw="70ch" mb={spoke ? 8 : 0}>
        {spoke ? texts.consentsHint : texts.nobodySpoke}
      </Text>
      {spoke && (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.consents}>
          <table className="numbers">
            <thead>
              <tr>
                <th>{texts.purpose}</th>
                <th className="number">{texts.rate}</th>
                <th aria-hidden className="roomy" />
                <th className="number">{texts.yes}</th>
                <th className="number">{texts.no}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([purpose, counts]) => (
                <Purpose key={purpose} purpose={purpose} {...counts} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
