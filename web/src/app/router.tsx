// Every page on one page. The URL holds the whole question: a page's search is its state.
import { QueryCache, QueryClient } from "@tanstack/react-query";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from "@tanstack/react-router";

import { account } from "../api/account";
import { Refusal } from "../api/client";
import { readBoard } from "../board/state";
import { readCampaign, readWizard } from "../campaigns/state";
import { type PeriodSearch, readPeriod } from "../filters/period";
import { readFunnel } from "../funnels/state";
import { readMessages } from "../messages/state";
import { readPaths } from "../paths/state";
import { readPivot } from "../pivot/state";
import { readRetention } from "../retention/state";
import { readRfm } from "../rfm/state";
import { readSegment } from "../segments/state";
import { readSettings } from "../settings/state";
import { readSql } from "../sql/state";
import { readStickiness } from "../stickiness/state";
import { readTemplate } from "../templates/state";
import { readTrend } from "../trends/state";
import { Broken, Missing } from "./broken";
import { LogIn } from "./log-in";
import { Shell } from "./shell";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      // What was refused is refused again; what could not be reached may be reached later.
      retry: (count, error) => error instanceof Refusal && error.status === 0 && count < 2,
    },
  },
  queryCache: new QueryCache({
    onError: (error, query) => {
      const over = error instanceof Refusal && error.stranger && query.queryKey[0] !== "account";
      if (over) void queries.invalidateQueries({ queryKey: ["account"] });
    },
  }),
});

/** The state that pages have in common: the period, and whether to compare it. */
export type CommonSearch = PeriodSearch & { compare?: boolean };

const root = createRootRoute({
  component: Outlet,
  errorComponent: Broken,
  notFoundComponent: Missing,
});

/** Only a path of our own may be gone to after the log-in. */
const ours = (path: unknown): string | undefined =>
  typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : undefined;

const logIn = createRoute({
  getParentRoute: () => root,
  path: "/log-in",
  validateSearch: (search: Record<string, unknown>): { to?: string } => ({ to: ours(search.to) }),
  component: LogIn,
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  validateSearch: (search: Record<string, unknown>): CommonSearch => ({
    ...readPeriod(search),
    ...(search.compare === true ? { compare: true } : {}),
  }),
  search: { middlewares: [retainSearchParams(["last", "from", "until", "compare"])] },
  beforeLoad: async ({ location }) => {
    try {
      await queries.ensureQueryData(account);
    } catch (error) {
      if (error instanceof Refusal && error.stranger) {
        throw redirect({ to: "/log-in", search: { to: location.href } });
      }
      throw error;
    }
  },
  component: Shell,
  errorComponent: Broken,
});

const today = createRoute({
  getParentRoute: () => inside,
  path: "/",
  component: lazyRouteComponent(() => import("../today/page"), "Today"),
});
const board = createRoute({
  getParentRoute: () => inside,
  path: "/board",
  validateSearch: readBoard,
  component: lazyRouteComponent(() => import("../board/page"), "Board"),
});
const trends = createRoute({
  getParentRoute: () => inside,
  path: "/trends",
  validateSearch: readTrend,
  component: lazyRouteComponent(() => import("../trends/page"), "Trends"),
});
const funnels = createRoute({
  getParentRoute: () => inside,
  path: "/funnels",
  validateSearch: readFunnel,
  component: lazyRouteComponent(() => import("../funnels/page"), "Funnels"),
});
const retention = createRoute({
  getParentRoute: () => inside,
  path: "/retention",
  validateSearch: readRetention,
  component: lazyRouteComponent(() => import("../retention/page"), "Retention"),
});
const paths = createRoute({
  getParentRoute: () => inside,
  path: "/paths",
  validateSearch: readPaths,
  component: lazyRouteComponent(() => import("../paths/page"), "Paths"),
});
const stickiness = createRoute({
  getParentRoute: () => inside,
  path: "/stickiness",
  validateSearch: readStickiness,
  component: lazyRouteComponent(() => import("../stickiness/page"), "Stickiness"),
});
const rfm = createRoute({
  getParentRoute: () => inside,
  path: "/rfm",
  validateSearch: readRfm,
  component: lazyRouteComponent(() => import("../rfm/page"), "Rfm"),
});
const pivot = createRoute({
  getParentRoute: () => inside,
  path: "/pivot",
  validateSearch: readPivot,
  component: lazyRouteComponent(() => import("../pivot/page"), "Pivot"),
});
const sql = createRoute({
  getParentRoute: () => inside,
  path: "/sql",
  validateSearch: readSql,
  component: lazyRouteComponent(() => import("../sql/page"), "Sql"),
});
const boards = createRoute({
  getParentRoute: () => inside,
  path: "/boards",
  component: lazyRouteComponent(() => import("../boards/list"), "Boards"),
});
const oneBoard = createRoute({
  getParentRoute: () => inside,
  path: "/boards/$id",
  component: lazyRouteComponent(() => import("../boards/page"), "OneBoard"),
});
const segments = createRoute({
  getParentRoute: () => inside,
  path: "/segments",
  component: lazyRouteComponent(() => import("../segments/list"), "Segments"),
});
const newSegment = createRoute({
  getParentRoute: () => inside,
  path: "/segments/new",
  validateSearch: readSegment,
  component: lazyRouteComponent(() => import("../segments/page"), "NewSegment"),
});
const oneSegment = createRoute({
  getParentRoute: () => inside,
  path: "/segments/$id",
  validateSearch: readSegment,
  component: lazyRouteComponent(() => import("../segments/page"), "OneSegment"),
});
const people = createRoute({
  getParentRoute: () => inside,
  path: "/people",
  component: lazyRouteComponent(() => import("../people/find"), "FindPeople"),
});
const onePerson = createRoute({
  getParentRoute: () => inside,
  path: "/people/$id",
  component: lazyRouteComponent(() => import("../people/page"), "OnePerson"),
});
const campaigns = createRoute({
  getParentRoute: () => inside,
  path: "/campaigns",
  component: lazyRouteComponent(() => import("../campaigns/list"), "Campaigns"),
});
const newCampaign = createRoute({
  getParentRoute: () => inside,
  path: "/campaigns/new",
  validateSearch: readWizard,
  component: lazyRouteComponent(() => import("../campaigns/wizard"), "NewCampaign"),
});
const oneCampaign = createRoute({
  getParentRoute: () => inside,
  path: "/campaigns/$id",
  validateSearch: readCampaign,
  component: lazyRouteComponent(() => import("../campaigns/page"), "OneCampaign"),
});
const editCampaign = createRoute({
  getParentRoute: () => inside,
  path: "/campaigns/$id/edit",
  validateSearch: readWizard,
  component: lazyRouteComponent(() => import("../campaigns/wizard"), "EditCampaign"),
});
const templates = createRoute({
  getParentRoute: () => inside,
  path: "/templates",
  component: lazyRouteComponent(() => import("../templates/list"), "Templates"),
});
const newTemplate = createRoute({
  getParentRoute: () => inside,
  path: "/templates/new",
  validateSearch: readTemplate,
  component: lazyRouteComponent(() => import("../templates/page"), "NewTemplate"),
});
const oneTemplate = createRoute({
  getParentRoute: () => inside,
  path: "/templates/$id",
  validateSearch: readTemplate,
  component: lazyRouteComponent(() => import("../templates/page"), "OneTemplate"),
});
const messages = createRoute({
  getParentRoute: () => inside,
  path: "/messages",
  validateSearch: readMessages,
  component: lazyRouteComponent(() => import("../messages/page"), "Messages"),
});
const gate = createRoute({
  getParentRoute: () => inside,
  path: "/gate",
  component: lazyRouteComponent(() => import("../gate/page"), "Gate"),
});
const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  validateSearch: readSettings,
  component: lazyRouteComponent(() => import("../settings/page"), "Settings"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    logIn,
    inside.addChildren([
      today,
      board,
      trends,
      funnels,
      retention,
      paths,
      stickiness,
      rfm,
      pivot,
      sql,
      boards,
      oneBoard,
      segments,
      newSegment,
      oneSegment,
      people,
      onePerson,
      campaigns,
      newCampaign,
      oneCampaign,
      editCampaign,
      templates,
      newTemplate,
      oneTemplate,
      messages,
      gate,
      settings,
    ]),
  ]),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
