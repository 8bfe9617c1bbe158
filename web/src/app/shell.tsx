// What stands around every page: the rail, the top bar, and a strip on the state of keys and policy.
import { ActionIcon, AppShell, Burger, Group, Text, Tooltip } from "@mantine/core";
import { useDisclosure, useDocumentTitle, useMediaQuery } from "@mantine/hooks";
import {
  IconActivity,
  IconCalendarRepeat,
  IconChartGridDots,
  IconChartLine,
  IconFilter,
  IconLayoutDashboard,
  IconLayoutGrid,
  IconLock,
  IconMail,
  IconRepeat,
  IconRoute,
  IconSend,
  IconSettings,
  IconShieldCheck,
  IconSql,
  IconTable,
  IconTemplate,
  IconUserSearch,
  IconUsersGroup,
} from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";

import { account } from "../api/account";
import { policy } from "../api/gate";
import { Search } from "./search";
import { texts } from "./texts";
import { TopBar } from "./top-bar";

export type Page = {
  to:
    | "/"
    | "/board"
    | "/trends"
    | "/funnels"
    | "/retention"
    | "/paths"
    | "/stickiness"
    | "/rfm"
    | "/pivot"
    | "/sql"
    | "/boards"
    | "/segments"
    | "/people"
    | "/campaigns"
    | "/templates"
    | "/messages"
    | "/gate"
    | "/settings";
  name: string;
};
type Group_ = { name?: string; pages: (Page & { icon: typeof IconActivity })[] };

/** In the order of work; only what is built is shown. */
export const RAIL: Group_[] = [
  { pages: [{ to: "/", name: texts.today, icon: IconActivity }] },
  {
    name: texts.analyse,
    pages: [
      { to: "/board", name: texts.board, icon: IconLayoutDashboard },
      { to: "/trends", name: texts.trends, icon: IconChartLine },
      { to: "/funnels", name: texts.funnels, icon: IconFilter },
      { to: "/retention", name: texts.retention, icon: IconRepeat },
      { to: "/paths", name: texts.paths, icon: IconRoute },
      { to: "/stickiness", name: texts.stickiness, icon: IconCalendarRepeat },
      { to: "/rfm", name: texts.rfm, icon: IconChartGridDots },
      { to: "/pivot", name: texts.pivot, icon: IconTable },
      { to: "/sql", name: texts.sql, icon: IconSql },
      { to: "/boards", name: texts.boards, icon: IconLayoutGrid },
    ],
  },
  {
    name: texts.people,
    pages: [
      { to: "/segments", name: texts.segments, icon: IconUsersGroup },
      { to: "/people", name: texts.people, icon: IconUserSearch },
    ],
  },
  {
    name: texts.engage,
    pages: [
      { to: "/campaigns", name: texts.campaigns, icon: IconSend },
      { to: "/templates", name: texts.templates, icon: IconTemplate },
      { to: "/messages", name: texts.messages, icon: IconMail },
    ],
  },
  { name: texts.trust, pages: [{ to: "/gate", name: texts.gate, icon: IconShieldCheck }] },
  { pages: [{ to: "/settings", name: texts.settings, icon: IconSettings }] },
];

function RailLink({ page, narrow }: { page: Group_["pages"][number]; narrow: boolean }) {
  const link = (
    <Link
      to={page.to}
      className="rail-link"
      activeOptions={{ exact: page.to === "/", includeSearch: false }}
      aria-label={narrow ? page.name : undefined}
    >
      <page.icon size={20} stroke={1.7} aria-hidden />
      {!narrow && page.name}
    </Link>
  );
  return narrow ? (
    <Tooltip label={page.name} position="right">
      {link}
    </Tooltip>
  ) : (
    link
  );
}

function Rail({ narrow }: { narrow: boolean }) {
  return (
    <nav aria-label={texts.menu} className="rail">
      {RAIL.map((group, index) => (
        <div key={index} className={index === RAIL.length - 1 ? "rail-foot" : undefined}>
          {group.name && !narrow && <div className="rail-group">{group.name}</div>}
          {group.pages.map((page) => (
            <RailLink key={page.to} page={page} narrow={narrow} />
          ))}
        </div>
      ))}
    </nav>
  );
}

function Strip() {
  const { data } = useSuspenseQuery(account);
  const open = useQuery(policy).data?.preset === "open";
  const tab = open ? ("policy" as const) : ("about" as const);
  const words = [data.keys === "local" && texts.keysLocal, open && texts.policyOpen];
  return (
    <Group className="strip" gap={8} wrap="nowrap">
      <IconLock size={14} aria-hidden />
      <Text size="xs">
        {words.filter(Boolean).join(" · ")} ·{" "}
        <Link to="/settings" search={{ tab }}>
          {open ? texts.seePolicy : texts.whatThatMeans}
        </Link>
      </Text>
    </Group>
  );
}

export function Shell() {
  const [drawer, { toggle, close }] = useDisclosure(false);
  const narrow = useMediaQuery("(min-width: 48em) and (max-width: 68em)") ?? false;
  const { pathname } = useLocation();
  const { data } = useSuspenseQuery(account);
  useEffect(close, [pathname, close]);
  const page = RAIL.flatMap((group) => group.pages).find(
    ({ to }) => to === pathname || (to !== "/" && pathname.startsWith(`${to}/`)),
  );
  useDocumentTitle([page?.name, data.name, "Candor"].filter(Boolean).join(" · "));
  const burger = (
    <Burger opened={drawer} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={texts.menu} />
  );
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: narrow ? 60 : 216, breakpoint: "sm", collapsed: { mobile: !drawer } }}
      padding={0}
    >
      <a className="skip" href="#content">
        {texts.toContent}
      </a>
      <AppShell.Header className="top">
        <Group h="100%" px={16} gap={12} wrap="nowrap">
          {burger}
          <ActionIcon
            component={Link}
            to="/"
            variant="transparent"
            aria-label="Candor"
            visibleFrom="xs"
          >
            <img src="/mark.svg" alt="" width={26} height={26} />
          </ActionIcon>
          <TopBar />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="side">
        <Rail narrow={narrow} />
      </AppShell.Navbar>
      <AppShell.Main>
        <Strip />
        <div id="content" tabIndex={-1} className="content">
          <Outlet />
        </div>
        <Search />
      </AppShell.Main>
    </AppShell>
  );
}
