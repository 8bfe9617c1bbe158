import { Button, Center, Group, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { account, logIn } from "../api/account";
import { Refusal } from "../api/client";
import { sentence } from "../ui/words";
import { texts } from "./texts";

export function LogIn() {
  const { to } = useSearch({ from: "/log-in" });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const asked = useMutation({
    mutationFn: () => logIn(email.trim(), password),
    onSuccess: async () => {
      queries.removeQueries();
      await queries.fetchQuery(account);
      await navigate({ href: to ?? "/" });
    },
  });
  const refused =
    asked.error instanceof Refusal ? sentence(asked.error.message) : asked.error && texts.broke;
  return (
    <Center mih="100vh" p={16} component="main">
      <form
        className="card"
        style={{ padding: 32, width: "min(400px, 100%)" }}
        onSubmit={(event) => {
          event.preventDefault();
          asked.mutate();
        }}
      >
        <Stack gap={16}>
          <Group gap={12}>
            <img src="/mark.svg" alt="" width={32} height={32} />
            <Title order={1}>Candor</Title>
          </Group>
          <Text className="quiet" size="sm">
            {texts.promise}
          </Text>
          <TextInput
            label={texts.email}
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={texts.password}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={refused || undefined}
          />
          <Button type="submit" loading={asked.isPending} fullWidth>
            {texts.logIn}
          </Button>
          <Text className="quiet" size="xs">
            {texts.lost}
          </Text>
        </Stack>
      </form>
    </Center>
  );
}
