import { describe, expect, it } from "vitest";

import { calledOf, isPersonId, kindOf } from "../filters/who";
import { daysOf, hides, traitsByClass, whoseOf } from "./shape";

const PERSON = {
  id: "p_1",
  identity: "shopper-1" as unknown,
  email: null as unknown,
  phone: null as unknown,
  guids: ["__a"],
  traits: { Plan: "gold", Name: "Asha", shoe: 41 } as Record<string, unknown>,
  consents: {},
  events: [],
};

describe("a person", () => {
  it("is found by what an id looks like", () => {
    expect(kindOf("asha@shop.example")).toBe("email");
    expect(kindOf("+91 98765-00001")).toBe("phone");
    expect(kindOf("__0123456789abcdef0123456789ABCDEF")).toBe("guid");
    expect(kindOf("123e4567-e89b-12d3-a456-426614174000")).toBe("guid");
    expect(kindOf("919876500001")).toBe("identity");
    expect(kindOf("shopper-17")).toBe("identity");
    expect(isPersonId(`p_${"0a".repeat(16)}`)).toBe(true);
  });
  it("is called by what may be seen", () => {
    const hidden = { masked: true };
    expect(calledOf(PERSON)).toBe("Asha");
    const masked = { ...PERSON, identity: hidden, traits: { Name: hidden, Plan: "gold" } };
    expect(calledOf(masked)).toBeUndefined();
    expect([hides(PERSON), hides(masked)]).toEqual([false, true]);
    expect(whoseOf(PERSON)).toEqual({ identity: "shopper-1" });
    expect(whoseOf({ ...PERSON, identity: null })).toEqual({ guid: "__a" });
    expect(whoseOf({ ...masked, guids: { masked: true as const } })).toBeUndefined();
  });
  it("has traits by class, those that wait for one last", () => {
    const properties = [
      { name: "Plan", class: "behaviour" as const, seen: 1 },
      { name: "Name", class: "identity" as const, seen: 1 },
    ];
    const groups = traitsByClass(PERSON.traits, properties);
    expect(groups.map((group) => [group.class, group.rows.map(([name]) => name)])).toEqual([
      ["identity", ["Name"]],
      ["behaviour", ["Plan"]],
      [null, ["shoe"]],
    ]);
  });
  it("did things in visits, by the publisher's days", () => {
    const event = (at: string, session: string) => ({ name: "Viewed", at, session, properties: {} });
    const days = daysOf(
      [
        event("2026-11-24T19:00:00Z", "2"),
        event("2026-11-24T18:20:00Z", "2"),
        event("2026-11-24T10:00:00Z", "1"),
      ],
      "Asia/Kolkata",
    );
    // 19:00 UTC is the 25th in Kolkata: the visit that ended then began on the day before.
    expect(days.map(({ day, visits }) => [day, visits.map((visit) => visit.events.length)])).toEqual([
      ["25 Nov 2026", [2]],
      ["24 Nov 2026", [1]],
    ]);
    expect(days[0]?.visits[0]?.from).toBe("2026-11-24T18:20:00Z");
  });
});
