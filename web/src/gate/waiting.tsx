// Properties that came and have no class: they are taken out until somebody says what they tell.
import { Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";

import type { GateAnswer } from "../api/gate";
import { full } from "../ui/numbers";
import { Failed, Panel } from "../ui/panel";
import { ClassPicker, useClassing } from "./class-picker";
import { texts } from "./texts";

export function Waiting({ waiting }: { waiting: GateAnswer["waiting"] }) {
  const classing = useClassing();
  if (waiting.length === 0 && !classing.error) {
    return (
      <Text size="sm" className="done">
        <IconCircleCheck size={20} stroke={1.7} aria-hidden /> {texts.noneWaiting}
      </Text>
    );
  }
  return (
    <Panel title={texts.waiting}>
      <Text size="sm" className="quiet" mb={12} maw="70ch">
        {texts.waitingHint}
      </Text>
      {classing.error && <Failed error={classing.error} />}
      {waiting.length > 0 && (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.waiting}>
          <table className="numbers">
            <thead>
              <tr>
                <th>{texts.property}</th>
                <th className="number roomy">{texts.came}</th>
                <th>{texts.tells}</th>
              </tr>
            </thead>
            <tbody>
              {waiting.map(({ name, seen }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td className="number roomy">{full(seen)}</td>
                  <td>
                    <ClassPicker name={name} value={null} onChoose={classing.mutate} />
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
