// Properties that came and have no class: they are taken out until somebody says what they tell.
import { Alert, Text } from "@mantine/core";

import type { GateAnswer } from "../api/gate";
import { full } from "../ui/numbers";
import { Nothing, Panel } from "../ui/panel";
import { ClassPicker, useClassing } from "./class-picker";
import { texts } from "./texts";

export function Waiting({ waiting }: { waiting: GateAnswer["waiting"] }) {
  const classing = useClassing();
  return (
    <Panel title={texts.waiting}>
      <Text size="sm" className="quiet" mb={12} maw={640}>
        {texts.waitingHint}
      </Text>
      {classing.error && (
        <Alert color="red" mb={12} role="alert">
          {classing.error.message}
        </Alert>
      )}
      {waiting.length === 0 ? (
        <Nothing title={texts.noneWaiting} />
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.waiting}>
          <table className="numbers">
            <thead>
              <tr>
                <th>{texts.property}</th>
                <th className="number">{texts.came}</th>
                <th>{texts.tells}</th>
              </tr>
            </thead>
            <tbody>
              {waiting.map(({ name, seen }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td className="number">{full(seen)}</td>
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
