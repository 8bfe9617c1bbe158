// The publisher, the period with its zone in words, compare, search, and who is logged in.
import {
  ActionIcon,
  Group,
  Menu,
  Text,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { IconMoon, IconSearch, IconSun, IconUserCircle } from "@tabler/icons-react";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";

import { account, logOut } from "../api/account";
import { PeriodControl } from "../filters/period-control";
import { openSearch } from "./search";
import { texts } from "./texts";

/** The pages whose questions have a period. */
const WITH_PERIOD = [
  "/board",
  "/trends",
  "/funnels",
  "/retention",
  "/paths",
  "/stickiness",
  "/rfm",
  "/pivot",
];
/** Of these, those whose answers may stand beside that of the period before. */
const COMPARED = ["/trends", "/funnels", "/rfm"];

function Who({ name }: { name: string }) {
  const { setColorScheme } = useMantineColorScheme();
  // What is seen: the system chooses until somebody does.
  const dark = useComputedColorScheme("light") === "dark";
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await logOut();
    queries.clear();
    await navigate({ to: "/log-in" });
  };
  return (
    <Menu position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={name}>
          <IconUserCircle size={22} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name}</Menu.Label>
        <Menu.Item
          leftSection={dark ? <IconSun size={16} /> : <IconMoon size={16} />}
          onClick={() => setColorScheme(dark ? "light" : "dark")}
        >
          {dark ? texts.light : texts.dark}
        </Menu.Item>
        <Menu.Item onClick={() => void leave()}>{texts.logOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function TopBar() {
  const { data } = useSuspenseQuery(account);
  const { pathname } = useLocation();
  const search = useSearch({ from: "/inside" });
  const navigate = useNavigate();
  // Beside a period a telephone has no room for a name.
  const dated = WITH_PERIOD.includes(pathname);
  return (
    <Group justify="space-between" wrap="nowrap" flex={1} miw={0} gap={8}>
      <Text fw={600} truncate visibleFrom={dated ? "xs" : undefined}>
        {data.name}
      </Text>
      <Group gap={8} wrap="nowrap" ml="auto">
        {dated && (
          <PeriodControl
            search={search}
            zone={data.timezone}
            comparable={COMPARED.includes(pathname)}
            onChange={(next) => void navigate({ to: ".", search: (old) => ({ ...old, ...next }) })}
          />
        )}
        <UnstyledButton className="search-button" onClick={openSearch} visibleFrom="md">
          <IconSearch size={16} aria-hidden /> {texts.search} <kbd>/</kbd>
        </UnstyledButton>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          hiddenFrom="md"
          onClick={openSearch}
          aria-label={texts.search}
        >
          <IconSearch size={20} />
        </ActionIcon>
        <Who name={data.caller} />
      </Group>
    </Group>
  );
}
