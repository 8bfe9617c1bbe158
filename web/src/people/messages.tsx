// What was written to a person, or was to be, the newest first.
import "../deliveries/deliveries.css";

import { Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { messages } from "../api/messages";
import { MessageBadge } from "../deliveries/badge";
import { Reason } from "../deliveries/reason";
import { moment } from "../ui/numbers";
import { Answered, Panel } from "../ui/panel";
import { texts } from "./texts";

/** As many as are shown at first; the archive has all. */
const SHOWN = 10;

export function Written({ id, zone }: { id: string; zone: string }) {
  const asked = useInfiniteQuery(messages({ person: id }, SHOWN));
  return (
    <Panel title={texts.messages}>
      <Answered query={{ ...asked, isFetching: false }} height={72}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.messages);
          if (rows.length === 0) {
            return (
              <Text size="sm" className="quiet">
                {texts.noMessages}
              </Text>
            );
          }
          return (
            <>
              <ul className="written-to">
                {rows.map((one) => (
                  <li key={one.id}>
                    <Link to="/messages" search={{ person: id, message: one.id }}>
                      {one.campaign_name ?? texts.message}
                    </Link>
                    <span>
                      <MessageBadge state={one.state} />
                      {one.reason && <span className="quiet">: <Reason of={one.reason} /></span>}
                    </span>
                    <span className="quiet">{moment(one.sent_at ?? one.at, zone)}</span>
                  </li>
                ))}
              </ul>
              {asked.hasNextPage && (
                <Text size="sm" mt={8}>
                  <Link to="/messages" search={{ person: id }}>
                    {texts.allMessages}
                  </Link>
                </Text>
              )}
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}
