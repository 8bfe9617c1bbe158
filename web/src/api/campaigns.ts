// Campaigns: drafts, what they would do, what is done with them, and what came of it.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Campaign = Schemas["Campaign"];
export type Saved = Schemas["SavedCampaign"];
export type Listed = Schemas["ListedCampaign"];
export type Run = Schemas["CampaignRun"];
export type Tally = Schemas["MessageTally"];
export type Forecast = Schemas["CampaignForecast"];
export type Report = Schemas["CampaignReport"];
export type State = Saved["state"];
export type Schedule = Schemas["CampaignSchedule"];

/** How often what moves is asked for. */
const LIVE_MS = 1_000;
/** What moves by itself, but not now. */
const CALM_MS = 10_000;

/** Fires so soon that whoever published it waits for it. */
const SOON_MS = 60_000;

const calmness = (of: Saved | undefined): number | false => {
  const state = of?.state;
  // Without a time that lies ahead it is firing, or about to be completed.
  const soon = state === "scheduled" && (!of?.next_at || Date.parse(of.next_at) < Date.now() + SOON_MS);
  if (state === "running" || soon) return LIVE_MS;
  return state === "scheduled" || state === "paused" || state === "waiting_for_approval" ? CALM_MS : false;
};

export const campaigns = queryOptions({
  queryKey: ["campaigns"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/campaigns", { signal })),
  refetchInterval: ({ state }) =>
    state.data?.campaigns.some((one) => one.state === "running") ? LIVE_MS * 2 : CALM_MS,
});

const one = (id: string) => ({ params: { path: { id } } });

/** Asked again each second while it runs, or is about to. */
export const campaign = (id: string) =>
  queryOptions({
    queryKey: ["campaign", id],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/campaigns/{id}", { ...one(id), signal })),
    refetchInterval: ({ state }) => calmness(state.data),
  });

export const makeCampaign = (draft: Campaign) =>
  answered(client.POST("/api/v1/campaigns", { body: draft }));

export const changeCampaign = (id: string, draft: Campaign) =>
  answered(client.PUT("/api/v1/campaigns/{id}", { ...one(id), body: draft }));

export const removeCampaign = (id: string) =>
  answered(client.DELETE("/api/v1/campaigns/{id}", one(id)));

/** What the saved draft would do now. */
export const forecast = (id: string, version: number) =>
  queryOptions({
    queryKey: ["forecast", id, version],
    queryFn: ({ signal }) =>
      answered(client.POST("/api/v1/campaigns/{id}/forecast", { ...one(id), signal })),
    staleTime: 15_000,
  });

/** Somebody's message as it would be, sent to somebody else. */
export const tryCampaign = (id: string, person: string, to: string | undefined) =>
  answered(
    client.POST("/api/v1/campaigns/{id}/test", {
      ...one(id),
      body: { person, ...(to === undefined ? {} : { to }) },
    }),
  );

export const publishCampaign = (id: string, confirm: boolean) =>
  answered(client.POST("/api/v1/campaigns/{id}/publish", { ...one(id), body: { confirm } }));

export type Verb = "approve" | "pause" | "resume" | "stop";

export function actOn(id: string, verb: Verb) {
  switch (verb) {
    case "approve":
      return answered(client.POST("/api/v1/campaigns/{id}/approve", one(id)));
    case "pause":
      return answered(client.POST("/api/v1/campaigns/{id}/pause", one(id)));
    case "resume":
      return answered(client.POST("/api/v1/campaigns/{id}/resume", one(id)));
    case "stop":
      return answered(client.POST("/api/v1/campaigns/{id}/stop", one(id)));
  }
}

/** What failed for a reason goes anew, through every gate and under its ids. */
export const sendAnew = (id: string, run: string, reason: string) =>
  answered(
    client.POST("/api/v1/campaigns/{id}/redrive", {
      params: { path: { id } },
      body: { run, reason },
    }),
  );

/** How often a report is asked for while its run goes on. */
const REPORT_MS = 5_000;

export const report = (id: string, run: string, moves: boolean) =>
  queryOptions({
    // Asked anew when the run comes to its end: what went out last counts, too.
    queryKey: ["report", id, run, moves],
    queryFn: ({ signal }) =>
      answered(
        client.GET("/api/v1/campaigns/{id}/report", {
          params: { path: { id }, query: { run } },
          signal,
        }),
      ),
    refetchInterval: moves ? REPORT_MS : CALM_MS * 6,
  });
