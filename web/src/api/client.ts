// The only place that talks to the server.
import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const client = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });

/** What the server says is wrong, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** Where in the question, and what should be there. */
    readonly places: { pointer: string; message: string }[],
    /** Where in a statement of SQL. */
    readonly position?: Schemas["Problem"]["position"],
  ) {
    super(detail);
  }

  /** Nobody is logged in. */
  get stranger(): boolean {
    return this.status === 401;
  }

  /** Logged in, but not for this. */
  get forbidden(): boolean {
    return this.status === 403;
  }

  /** The scope that is lacking, where the server names one. */
  get scope(): string | undefined {
    return /scope '(\w+)'/.exec(this.message)?.[1];
  }
}

export const unreachable = () => new Refusal(0, "unreachable", "The server does not answer.", []);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer, or a [`Refusal`]. */
export async function answered<T>(asked: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (got.response.ok) return got.data as T;
  const problem = got.error as Partial<Schemas["Problem"]> | undefined;
  throw new Refusal(
    got.response.status,
    problem?.code ?? "unknown",
    problem?.detail ?? `The server answered ${got.response.status}.`,
    problem?.errors ?? [],
    problem?.position,
  );
}
