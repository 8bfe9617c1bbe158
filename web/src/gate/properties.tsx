// Every property with its class; a class can be changed, which holds for what comes from then on.
import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { gate } from "../api/gate";
import { properties } from "../api/names";
import { full } from "../ui/numbers";
import { Answered, Failed, Nothing, Panel } from "../ui/panel";
import { ClassPicker, useClassing } from "./class-picker";
import { texts } from "./texts";

/** Rows at first; the rest at a press. */
const SHOWN = 15;

export function Properties() {
  const asked = useQuery(properties);
  // Those are asked for above.
  const waiting = new Set(useQuery(gate).data?.waiting.map(({ name }) => name));
  const classing = useClassing();
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const wanted = text.trim().toLowerCase();
  return (
    <Panel title={texts.properties}>
      <TextInput
        aria-label={texts.find}
        placeholder={texts.find}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        mb={12}
        maw={320}
      />
      {classing.error && <Failed error={classing.error} />}
      <Answered query={asked} height={320}>
        {(held) => {
          const found = held
            .filter((property) => property.class !== null || !waiting.has(property.name))
            .filter(({ name }) => name.toLowerCase().includes(wanted))
            .sort((one, other) => other.seen - one.seen || one.name.localeCompare(other.name));
          if (found.length === 0) return <Nothing title={texts.nothing} />;
          return (
            <div className="wide" tabIndex={0} role="region" aria-label={texts.properties}>
              <table className="numbers">
                <thead>
                  <tr>
                    <th>{texts.property}</th>
                    <th className="number roomy">{texts.held}</th>
                    <th>{texts.tells}</th>
                  </tr>
                </thead>
                <tbody>
                  {found.slice(0, all ? undefined : SHOWN).map((property) => (
                    <tr key={property.name}>
                      <td>{property.name}</td>
                      <td className="number roomy">{full(property.seen)}</td>
                      <td>
                        <ClassPicker
                          name={property.name}
                          value={property.class}
                          onChoose={classing.mutate}
                        />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {!all && found.length > SHOWN && (
                <Button size="xs" variant="default" mt={12} onClick={() => setAll(true)}>
                  {texts.more(found.length - SHOWN)}
                </Button>
              )}
            </div>
          );
        }}
      </Answered>
    </Panel>
  );
}
