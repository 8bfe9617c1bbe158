import { describe, expect, it } from "vitest";

import type { Provider } from "../../api/channels";
import { mindsOf, newSecret, sent, startOf, troublesOf, withSecret } from "./shape";
import { texts } from "./texts";

const provider = (settings: Provider["settings"]): Provider => ({
  channel: "email",
  provider: "main",
  settings,
  dns: [],
  changed_at: "2026-11-27T00:00:00Z",
  changed_by: "admin",
});

describe("a provider's settings", () => {
  it("leave out what is empty, so that secrets stay", () => {
    const start = startOf("smtp");
    if (start.kind !== "smtp") throw new Error("a mail server");
    const filled = { ...start, host: "h", password: "", username: "u", from: { name: "", address: "a@b" } };
    const dkim = [{ domain: "b", selector: "s", private_key: "" }];
    const made = JSON.parse(JSON.stringify(sent({ ...filled, dkim })));
    expect(made).toEqual({
      kind: "smtp",
      host: "h",
      port: 587,
      tls: "starttls",
      username: "u",
      from: { address: "a@b" },
      bounce_domain: "",
      connections: 4,
      unknown: "leave",
      dkim: [{ domain: "b", selector: "s" }],
    });
    expect(sent({ kind: "outbox", from: { address: "" } })).toEqual({ kind: "outbox" });
  });
  it("say how it stands", () => {
    const health = {
      held_until: null,
      refuses_us: false,
      last_error: "503",
      per_second: null,
      failing_since: "2026-11-26T00:00:00Z",
      off: false,
    };
    const of = { ...provider({ kind: "outbox" }), health };
    expect(troublesOf(provider({ kind: "outbox" }), (at) => at)).toEqual([]);
    expect(troublesOf(of, (at) => at)).toEqual([texts.failingSince("2026-11-26T00:00:00Z", "503")]);
    expect(troublesOf({ ...of, health: { ...health, off: true } }, (at) => at)).toEqual([texts.switchedOff]);
    const slow = { ...health, failing_since: null, per_second: 8 };
    expect(troublesOf({ ...of, health: slow }, (at) => at)).toEqual([texts.slowed(8)]);
  });
  it("say what to mind", () => {
    expect(mindsOf(provider(startOf("smtp")))).toEqual([texts.noDkim]);
    expect(mindsOf(provider({ kind: "webhook", url: "http://a", allow_http: true, allow_private: false }))).toEqual([
      texts.unsigned,
      texts.plainText,
    ]);
    expect(mindsOf(provider({ kind: "outbox" }))).toEqual([]);
  });
  it("have secrets, the newest first", () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(withSecret([{ set: true }], "a")).toEqual(["a", { set: true }]);
    expect(withSecret(["b", { set: true }], "a")).toEqual(["a", "b"]);
  });
});
