// The latest events; those that just came fade in.
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { Live } from "../api/insights";
import { clock } from "../ui/numbers";
import { Panel } from "../ui/panel";
import { countryName } from "./country";
import { texts } from "./texts";

type Recent = Live["recent"];
const SHOWN = 15;
const keyOf = (event: Recent[number], index: number, all: Recent): string => {
  const same = (other: Recent[number]) =>
    other.at === event.at && other.person === event.person && other.name === event.name;
  return `${event.at} ${event.person} ${event.name} ${all.slice(index + 1).filter(same).length}`;
};

/** Which rows were not in the picture before; none of the first picture's. */
function useFresh(recent: Recent): Set<string> {
  const [seen, setSeen] = useState<{ recent: Recent; keys: Set<string>; fresh: Set<string> }>(() => ({
    recent,
    keys: new Set(recent.map(keyOf)),
    fresh: new Set(),
  }));
  if (seen.recent === recent) return seen.fresh;
  const keys = new Set(recent.map(keyOf));
  // What was fresh stays so while it is shown: a row fades in once.
  const fresh = new Set([...keys].filter((key) => !seen.keys.has(key) || seen.fresh.has(key)));
  setSeen({ recent, keys, fresh });
  return fresh;
}

export function Feed({ recent, zone }: { recent: Recent; zone: string }) {
  const fresh = useFresh(recent);
  const rows = recent.slice(0, SHOWN);
  return (
    <Panel title={texts.feed}>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.feed}>
        <table className="numbers tight">
          <thead>
            <tr>
              <th>{texts.when}</th>
              <th>{texts.event}</th>
              <th>{texts.country}</th>
              <th className="roomy">{texts.person}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => {
              const key = keyOf(row, index, recent);
              return (
                <tr key={key} className={fresh.has(key) ? "arrive" : undefined}>
                  <td className="quiet">{clock(row.at, zone)}</td>
                  <td>{row.name}</td>
                  <td className="feed-country">{row.country ? countryName(row.country) : "–"}</td>
                  <td className="roomy">
                    <Link to="/people/$id" params={{ id: row.person }}>
                      <code className="quiet">{row.person.slice(0, 12)}</code>
                    </Link>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
