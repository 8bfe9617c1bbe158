import { queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "./client";

export type Account = Awaited<ReturnType<typeof askAccount>>;
export type { Schemas };

const askAccount = () => answered(client.GET("/api/v1/account"));

export const account = queryOptions({
  queryKey: ["account"],
  queryFn: askAccount,
  staleTime: Infinity,
  retry: false,
});

export const logIn = (email: string, password: string) =>
  answered(client.POST("/api/v1/login", { body: { email, password } }));

export const logOut = () => answered(client.POST("/api/v1/logout"));
