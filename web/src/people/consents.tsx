// What a person allowed: each purpose as it stands, and when and how it was said where one may see it.
import { Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { Refusal } from "../api/client";
import { consents, type Person } from "../api/people";
import { purposeInWords } from "../filters/purposes";
import { masked, moment } from "../ui/numbers";
import { Note } from "../ui/note";
import { Failed, Loading, Panel } from "../ui/panel";
import { saidOf, whoseOf } from "./shape";
import { texts } from "./texts";

function Word({ yes }: { yes: boolean }) {
  const Icon = yes ? IconCircleCheck : IconCircleX;
  return (
    <span className="word" data-yes={yes}>
      <Icon size={16} aria-hidden /> {yes ? texts.yes : texts.no}
    </span>
  );
}

function History({ person, zone }: { person: Person; zone: string }) {
  const whose = whoseOf(person);
  const { data, error, refetch } = useQuery(consents(whose));
  const refused = error instanceof Refusal && error.forbidden;
  if (refused || (!whose && (masked(person.identity) || masked(person.guids)))) {
    return <Note kind="lock">{texts.historyNeeds}</Note>;
  }
  if (!whose) return <Note kind="info">{texts.historyNoId}</Note>;
  if (error) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <Loading height={24} />;
  return (
    <details>
      <summary>{texts.said}</summary>
      <div className="wide" tabIndex={0} role="region" aria-label={texts.said}>
        <table className="numbers tight">
          <thead>
            <tr>
              <th>{texts.saidAt}</th>
              <th>{texts.what}</th>
              <th>{texts.purpose}</th>
              <th>{texts.how}</th>
              <th>{texts.notice}</th>
            </tr>
          </thead>
          <tbody>
            {saidOf(data.consents).map((said) => (
              <tr key={`${said.id} ${said.purpose}`}>
                <td>{moment(said.at, zone)}</td>
                <td>
                  <Word yes={said.yes} />
                </td>
                <td>
                  <code>{said.purpose}</code>
                </td>
                <td>{said.method}</td>
                <td>
                  {said.notice
                    ? texts.noticeOf(said.notice.id, said.notice.version, said.notice.language)
                    : "–"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function Consents({ person, zone }: { person: Person; zone: string }) {
  const rows = Object.entries(person.consents).sort(([one], [other]) => one.localeCompare(other));
  return (
    <Panel title={texts.consents}>
      {rows.length === 0 ? (
        <Text size="sm" className="quiet">
          {texts.neverSaid}
        </Text>
      ) : (
        <>
          <div className="wide" tabIndex={0} role="region" aria-label={texts.consents}>
            <table className="numbers">
              <thead>
                <tr>
                  <th>{texts.purpose}</th>
                  <th>{texts.now}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(([purpose, yes]) => {
                  const words = purposeInWords(purpose);
                  return (
                    <tr key={purpose}>
                      <td>
                        {words ?? purpose} {words && <code className="quiet">{purpose}</code>}
                      </td>
                      <td>
                        <Word yes={yes} />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
          <div className="history">
            <History person={person} zone={zone} />
          </div>
        </>
      )}
    </Panel>
  );
}
