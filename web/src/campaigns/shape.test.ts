import { describe, expect, it } from "vitest";

import type { Campaign } from "../api/campaigns";
import { knowsWho, lacks, limitsInWords, scheduleInWords, startOf, tidy } from "./shape";
import { readWizard } from "./state";
import { texts } from "./texts";

const START = startOf([]);
const draft = (more: Partial<Campaign>): Campaign => ({ ...START, ...more });

describe("a campaign's draft", () => {
  it("says what each step lacks", () => {
    expect(lacks(START, "who")).toBe(texts.lacksName);
    expect(lacks(draft({ name: "Sale", audience: { segment: "" } }), "who")).toBe(texts.lacksWho);
    expect(lacks(draft({ name: "Sale" }), "who")).toBeUndefined();
    expect(lacks(START, "what")).toBe(texts.lacksProvider);
    expect(lacks(draft({ provider: "main" }), "what")).toBe(texts.lacksContent);
    expect(lacks(draft({ provider: "crm", channel: "webhook" }), "what")).toBe(texts.lacksPurpose);
    expect(lacks(draft({ schedule: { once: { at: "" } } }), "when")).toBe(texts.lacksTime);
    const week = { recurring: { at: "09:00", every: { week: [] }, from: "2026-12-01" } };
    expect(lacks(draft({ schedule: week }), "when")).toBe(texts.lacksDays);
    expect(lacks(draft({ goal: { event: "" } }), "goal")).toBe(texts.lacksEvent);
  });
  it("knows its people once every rule is complete", () => {
    expect(knowsWho(START)).toBe(true);
    expect(knowsWho(draft({ audience: { all: [{ segment: "" }] } }))).toBe(false);
  });
  it("has times as the browser's fields write them", () => {
    const kept = draft({
      quiet_hours: { from: "22:00:00", to: "08:00:00", then: "delay" },
      schedule: { once: { at: "2026-12-01T09:00:00", clock: "person" } },
    });
    expect(tidy(kept).quiet_hours).toEqual({ from: "22:00", to: "08:00", then: "delay" });
    expect(tidy(kept).schedule).toEqual({ once: { at: "2026-12-01T09:00", clock: "person" } });
    expect(tidy(START)).toEqual(START);
  });
  it("reads as sentences", () => {
    const zone = "Asia/Kolkata";
    expect(scheduleInWords("now", zone)).toBe("At once, when it is published");
    expect(scheduleInWords({ once: { at: "2026-12-01T09:00", clock: "person" } }, zone)).toBe(
      "Once, on 1 Dec 2026 at 09:00 on each person's own clock; whoever is past it gets nothing",
    );
    const every = { at: "09:00", every: { week: ["fri", "mon"] }, from: "2026-12-01" } as const;
    expect(scheduleInWords({ recurring: { ...every, every: { week: [...every.every.week] } } }, zone)).toBe(
      "Every Mon, Fri at 09:00 Asia/Kolkata from 1 Dec 2026",
    );
    const limits = draft({ frequency_cap: { messages: 3, within: "7d" }, per_minute: 600 });
    expect(limitsInWords(limits)).toEqual([
      "At most 3 messages in 7 days, whatever campaign they are of",
      "At most 600 a minute",
      "Nothing more goes out 24 hours after it began",
    ]);
  });
});

describe("the address of the wizard", () => {
  it("holds the step", () => {
    expect(readWizard({ step: "when", language: "hi", person: "x" })).toEqual({ step: "when", language: "hi" });
    expect(readWizard({ step: "steal" })).toEqual({});
  });
});
