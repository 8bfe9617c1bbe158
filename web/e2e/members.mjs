// A club of three who can be told apart: Ada gets mail, Bo has no plan, Cy did not allow it.

let made;

const MEMBERS = {
  ada: { email: "ada@club.example", plan: "gold", mail: true },
  bo: { email: "bo@club.example", plan: undefined, mail: true },
  cy: { email: "cy@club.example", plan: "free", mail: false },
};

async function make(house) {
  const records = [];
  for (const [identity, { email, plan, mail }] of Object.entries(MEMBERS)) {
    const purposes = { analytics: true, "marketing:email": true };
    await house.ask("/api/v1/consents", { identity, purposes, method: "form" });
    records.push({ type: "profile", identity, set: { Email: email, ...(plan ? { Plan: plan } : {}) } });
    records.push({ type: "event", identity, name: "Joined Club" });
    if (!mail) records.push({ type: "profile", identity, set: { Email: email } });
  }
  await house.ask("/api/v1/events", { records });
  const members = {};
  for (const [identity, { email, mail }] of Object.entries(MEMBERS)) {
    for (;;) {
      const { people } = await house.ask(`/api/v1/people?email=${encodeURIComponent(email)}`);
      if (people[0]?.events.some(({ name }) => name === "Joined Club")) {
        members[identity] = { id: people[0].id, email };
        break;
      }
      await new Promise((done) => setTimeout(done, 200));
    }
    const no = { identity, purposes: { "marketing:email": false }, method: "form" };
    if (!mail) await house.ask("/api/v1/consents", no);
  }
  const club = { name: "Club", definition: { did: { event: "Joined Club" } } };
  return { ...members, segment: (await house.ask("/api/v1/segments", club)).id };
}

/** The members, made the first time they are asked for, and the segment that they are in. */
export const makeMembers = (house) => (made ??= make(house));
