// What a person did, newest first, by day and visit; earlier events come as one scrolls.
import { Button, Text } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { type Done, timeline } from "../api/people";
import { Held } from "../ui/held";
import { clock, duration, full, masked, named } from "../ui/numbers";
import { Answered, Failed, Panel } from "../ui/panel";
import { daysOf, type Visit } from "./shape";
import { texts } from "./texts";

/** How far below the window earlier events are asked for. */
const AHEAD = "400px";
/** Properties that are read without opening an event. */
const PREVIEW = 3;

function One({ event, zone }: { event: Done; zone: string }) {
  const held = Object.entries(event.properties).filter(([, value]) => value !== null);
  const preview = held
    .filter(([, value]) => !masked(value))
    .slice(0, PREVIEW)
    .map(([name, value]) => `${name}: ${named(value)}`)
    .join(" · ");
  const line = (
    <>
      <span className="quiet">{clock(event.at, zone)}</span> <strong>{event.name}</strong>{" "}
      <span className="quiet preview">{preview}</span>
    </>
  );
  if (held.length === 0) return <div className="done-line">{line}</div>;
  return (
    <details>
      <summary className="done-line">{line}</summary>
      <dl className="properties" aria-label={texts.properties}>
        {held.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Held value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function VisitOf({ visit, zone }: { visit: Visit; zone: string }) {
  const lasted = Date.parse(visit.to) - Date.parse(visit.from);
  const words = texts.visitOf(
    texts.events(full(visit.events.length)),
    lasted < 1_000 ? texts.moment : duration(lasted),
  );
  return (
    <li className="visit">
      <Text size="xs" className="quiet">
        {texts.visit}, {clock(visit.from, zone).slice(0, 5)}
        {" – "}
        {clock(visit.to, zone).slice(0, 5)} · {words}
      </Text>
      <ol>
        {visit.events.map((event, index) => (
          <li key={`${event.at} ${index}`}>
            <One event={event} zone={zone} />
          </li>
        ))}
      </ol>
    </li>
  );
}

export function Timeline({ id, zone }: { id: string; zone: string }) {
  const asked = useInfiniteQuery(timeline(id));
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, error } = asked;
  const { ref, entry } = useIntersection({ rootMargin: AHEAD });
  const near = entry?.isIntersecting ?? false;
  const pages = asked.data?.pages.length;
  useEffect(() => {
    if (near && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [near, pages, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const query = { ...asked, isFetching: false, error: isFetchNextPageError ? null : error };
  return (
    <Panel title={texts.timeline}>
      <Answered query={query} height={480}>
        {(answer) => {
          const days = daysOf(answer.pages.flatMap(({ events }) => events), zone);
          if (days.length === 0) {
            return (
              <Text size="sm" className="quiet">
                {texts.noEvents}
              </Text>
            );
          }
          return (
            <>
              <ol className="timeline" aria-busy={isFetchingNextPage}>
                {days.map(({ day, visits }) => (
                  <li key={day}>
                    <h3>{day}</h3>
                    <ol>
                      {visits.map((visit) => (
                        <VisitOf key={`${visit.session} ${visit.to}`} visit={visit} zone={zone} />
                      ))}
                    </ol>
                  </li>
                ))}
              </ol>
              {isFetchNextPageError && <Failed error={error} again={() => void fetchNextPage()} />}
              <div ref={ref} className="timeline-end">
                {hasNextPage ? (
                  <Button
                    size="xs"
                    variant="default"
                    loading={isFetchingNextPage}
                    onClick={() => void fetchNextPage()}
                  >
                    {texts.more}
                  </Button>
                ) : (
                  <Text size="xs" className="quiet">
                    {texts.end}
                  </Text>
                )}
              </div>
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}
