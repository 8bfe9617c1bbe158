// Tokens of the API.
import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Token = Schemas["Token"];
export type TokenScope = Token["scopes"][number];

export const tokens = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/tokens", { signal })),
});

export const makeToken = (name: string, scopes: TokenScope[]) =>
  answered(client.POST("/api/v1/tokens", { body: { name, scopes } }));

export const takeBack = (id: string) =>
  answered(client.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } }));
