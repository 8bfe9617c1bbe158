// The archive of messages: filtered, each with what became of it and why; one of them in detail beside.
import "./messages.css";

import { Button, Drawer, Group, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";

import { account } from "../api/account";
import { type Message, messages, type Wanted } from "../api/messages";
import { MessageBadge } from "../deliveries/badge";
import { Stopped } from "../deliveries/stopped";
import { channelInWords, reasonInWords } from "../deliveries/words";
import { full, moment } from "../ui/numbers";
import { Answered, Failed, Loading, Nothing, Panel } from "../ui/panel";
import { Detail } from "./detail";
import { Filters, isFiltered } from "./filters";
import type { MessagesSearch } from "./state";
import { texts } from "./texts";

const HEIGHT = 480;
/** Pages that are read to find one message that is linked to. */
const LOOKED_THROUGH = 20;

const shortId = (person: string) => person.slice(0, 12);

function Row({ of, zone, shown, onShow }: { of: Message; zone: string; shown: boolean; onShow: () => void }) {
  return (
    <tr aria-current={shown ? "true" : undefined}>
      <td className="lead">
        <Link to="/people/$id" params={{ id: of.person }}>
          {shortId(of.person)}
        </Link>
      </td>
      <td>
        <MessageBadge state={of.state} />
        {of.reason && <span className="quiet reason">{reasonInWords(of.reason)}</span>}
      </td>
      <td data-label={texts.campaign}>
        {of.campaign ? (
          <Link to="/campaigns/$id" params={{ id: of.campaign }} search={{ run: of.run }}>
            {of.campaign_name}
          </Link>
        ) : (
          <span className="quiet">{texts.gone}</span>
        )}
      </td>
      <td data-label={texts.by}>{of.channel ? `${channelInWords(of.channel)}, ${of.provider ?? ""}` : "–"}</td>
      <td className="when" data-label={texts.when}>
        {moment(of.sent_at ?? of.at, zone)}
      </td>
      <td>
        <Button size="compact-xs" variant="default" aria-label={texts.detailsOf(shortId(of.person))} onClick={onShow}>
          {texts.details}
        </Button>
      </td>
    </tr>
  );
}

function Table({ rows, zone, shown, onShow }: TableProps) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={texts.title}>
      <table className="numbers stacked">
        <thead>
          <tr>
            <th>{texts.to}</th>
            <th>{texts.state}</th>
            <th>{texts.campaign}</th>
            <th>{texts.by}</th>
            <th>{texts.when}</th>
            <th aria-label={texts.details} />
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <Row key={one.id} of={one} zone={zone} shown={one.id === shown} onShow={() => onShow(one.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
type TableProps = {
  rows: Message[];
  zone: string;
  shown: string | undefined;
  onShow: (id: string) => void;
};

const wantedOf = ({ person, campaign, run, state, reason, visit }: MessagesSearch): Wanted => ({
  ...(person ? { person } : {}),
  ...(campaign ? { campaign } : {}),
  ...(run ? { run } : {}),
  ...(state ? { state } : {}),
  ...(reason ? { reason } : {}),
  ...(visit ? { visit } : {}),
});

/** The archive, read on until the message that is linked to is there. */
function useArchive(search: MessagesSearch) {
  const asked = useInfiniteQuery(messages(wantedOf(search)));
  const pages = asked.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.messages);
  const shown = rows.find(({ id }) => id === search.message);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = asked;
  const lost = search.message !== undefined && !shown && pages.length > 0;
  const looks = lost && hasNextPage && pages.length < LOOKED_THROUGH && !isFetchNextPageError;
  useEffect(() => {
    if (looks && !isFetchingNextPage) void fetchNextPage();
  }, [looks, isFetchingNextPage, fetchNextPage]);
  return { asked, rows, shown, looks };
}

function None({ filtered }: { filtered: boolean }) {
  if (filtered) return <Nothing title={texts.noneFound} next={texts.noneFoundNext} />;
  return (
    <Nothing
      title={texts.none}
      next={
        <Stack align="center" gap={12}>
          {texts.noneNext}
          <Button component={Link} to="/campaigns" variant="default">
            {texts.toCampaigns}
          </Button>
        </Stack>
      }
    />
  );
}

export function Messages() {
  const { data: publisher } = useSuspenseQuery(account);
  const search = useSearch({ from: "/inside/messages" });
  const navigate = useNavigate({ from: "/messages" });
  const change = (more: MessagesSearch) => void navigate({ search: (old) => ({ ...old, ...more }) });
  const { asked, rows, shown, looks } = useArchive(search);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, error } = asked;
  const query = { ...asked, isFetching: false, error: isFetchNextPageError ? null : error };
  return (
    <Stack gap={16} component="main">
      <Stopped />
      <div>
        <Title order={1}>{texts.title}</Title>
        <Text size="sm" className="quiet" mt={4} maw="70ch">
          {texts.does}
        </Text>
      </div>
      <Panel>
        <Stack gap={12}>
          <Filters search={search} onChange={(more) => change({ ...more, message: undefined })} />
          <Answered query={query} height={HEIGHT}>
            {() =>
              rows.length === 0 ? (
                <None filtered={isFiltered(search)} />
              ) : (
                <>
                  <Table
                    rows={rows}
                    zone={publisher.timezone}
                    shown={search.message}
                    onShow={(message) => change({ message })}
                  />
                  {isFetchNextPageError && <Failed error={error} again={() => void fetchNextPage()} />}
                  <Group justify="space-between" mt={12} gap={8}>
                    <Text size="xs" className="quiet">
                      {texts.shown(full(rows.length))} {!hasNextPage && texts.end}
                    </Text>
                    {hasNextPage && (
                      <Button
                        size="xs"
                        variant="default"
                        loading={isFetchingNextPage}
                        onClick={() => void fetchNextPage()}
                      >
                        {texts.more}
                      </Button>
                    )}
                  </Group>
                </>
              )
            }
          </Answered>
        </Stack>
      </Panel>
      <Drawer
        opened={search.message !== undefined}
        onClose={() => change({ message: undefined })}
        position="right"
        size="md"
        title={texts.message}
        closeButtonProps={{ "aria-label": texts.close }}
      >
        {shown ? (
          <Detail of={shown} zone={publisher.timezone} />
        ) : asked.isPending || looks || isFetchingNextPage ? (
          <Loading height={HEIGHT} />
        ) : (
          <Nothing title={texts.notHere} next={texts.notHereNext} />
        )}
      </Drawer>
    </Stack>
  );
}
