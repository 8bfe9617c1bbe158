// What is known of a person: counts of events, traits by class, devices.
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { properties } from "../api/names";
import type { Person } from "../api/people";
import { Held } from "../ui/held";
import { day, full, moment } from "../ui/numbers";
import { Panel } from "../ui/panel";
import { traitsByClass } from "./shape";
import { texts } from "./texts";

export function Did({ events, zone }: { events: Person["events"]; zone: string }) {
  const rows = [...events].sort((one, other) => other.count - one.count);
  return (
    <Panel title={texts.did}>
      {rows.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.didNothing}
        </Text>
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.did}>
          <table className="numbers tight">
            <thead>
              <tr>
                <th>{texts.event}</th>
                <th className="number">{texts.count}</th>
                <th>{texts.last}</th>
                <th>{texts.first}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, count, first, last }) => (
                <tr key={name}>
                  <th scope="row" className="sticky">
                    <Link to="/trends" search={{ event: name }}>
                      {name}
                    </Link>
                  </th>
                  <td className="number">{full(count)}</td>
                  <td title={moment(last, zone)}>{day(last, zone)}</td>
                  <td title={moment(first, zone)}>{day(first, zone)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

export function Traits({ traits }: { traits: Person["traits"] }) {
  const { data } = useQuery(properties);
  const groups = traitsByClass(traits, data ?? []);
  return (
    <Panel title={texts.traits}>
      {groups.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.noTraits}
        </Text>
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label={texts.traits}>
          <table className="numbers">
            <thead>
              <tr>
                <th>{texts.trait}</th>
                <th>{texts.value}</th>
              </tr>
            </thead>
            {groups.map((group) => (
              <tbody key={group.class}>
                <tr>
                  <th colSpan={2} scope="rowgroup" className="class-row">
                    {group.class ?? texts.unclassed}{" "}
                    <span className="means">{group.means ?? texts.unclassedMeans}</span>
                  </th>
                </tr>
                {group.rows.map(([name, value]) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td className="trait-value">
                      <Held value={value} />
                    </td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
      )}
    </Panel>
  );
}

/** As many devices as are shown at first. */
const SHOWN = 5;

export function Devices({ guids }: { guids: Person["guids"] }) {
  const [all, setAll] = useState(false);
  const rows = Array.isArray(guids) ? guids : [];
  return (
    <Panel
      title={texts.devices}
      aside={
        rows.length > 0 && (
          <Text size="xs" className="quiet">
            {texts.guids(rows.length)}
          </Text>
        )
      }
    >
      {!Array.isArray(guids) ? (
        <Held value={guids} />
      ) : rows.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.noDevices}
        </Text>
      ) : (
        <ul className="devices">
          {rows.slice(0, all ? undefined : SHOWN).map((guid) => (
            <li key={guid}>
              <code>{guid}</code>
            </li>
          ))}
        </ul>
      )}
      {!all && rows.length > SHOWN && (
        <Button size="xs" variant="default" mt={8} onClick={() => setAll(true)}>
          {texts.moreDevices(rows.length - SHOWN)}
        </Button>
      )}
    </Panel>
  );
}
