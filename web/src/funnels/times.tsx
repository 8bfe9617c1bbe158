// How long people took, as columns: of the whole way, or from one step to the next.
import { Text, Title } from "@mantine/core";
import { useState } from "react";

import type { FunnelAnswer } from "../api/insights";
import { Columns } from "../charts/columns";
import { Choice } from "../filters/pickers";
import type { SegmentNames } from "../filters/words";
import { columnsOf, partsOf, timesInWords, timesOf } from "./shape";
import { texts } from "./texts";

const WHOLE = 0;

export function Times({ answer, names }: { answer: FunnelAnswer; names: SegmentNames }) {
  const [step, setStep] = useState(WHOLE);
  const [whose, setWhose] = useState(0);
  const { question } = answer;
  const parts = partsOf(answer, names);
  // What was chosen may be no part of another answer.
  const part = parts[whose] ?? parts[0];
  const to = step <= question.steps.length ? step : WHOLE;
  if (!part) return null;
  const times = timesOf(part, to === WHOLE ? undefined : to);
  const ways = question.steps.slice(1).map((_, index) => ({
    value: `${index + 2}`,
    label: texts.wayTo(index + 1, index + 2),
  }));
  return (
    <section>
      <div className="sentence" style={{ marginBottom: 8 }}>
        <Title order={2}>{texts.times}</Title>
        <Choice
          value={`${to}`}
          label={texts.way}
          options={[{ value: `${WHOLE}`, label: texts.wholeWay }, ...ways]}
          onChange={(next) => setStep(Number(next))}
        />
        {parts.length > 1 && (
          <Choice
            value={`${parts.indexOf(part)}`}
            label={texts.timesOf}
            options={parts.map(({ name }, place) => ({ value: `${place}`, label: name }))}
            onChange={(next) => setWhose(Number(next))}
          />
        )}
      </div>
      {times.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.noTimes}
        </Text>
      ) : (
        <Columns
          columns={columnsOf(times, question)}
          label={texts.times}
          described={timesInWords(times, question)}
        />
      )}
    </section>
  );
}
