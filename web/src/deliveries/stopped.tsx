// A strip on every page of Engage while something is switched off.
import "./deliveries.css";

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { type Engagement, engagement } from "../api/engagement";
import { Note } from "../ui/note";
import { texts } from "./texts";
import { channelInWords } from "./words";

/** What is switched off, in words; nothing where all may go out. */
export function offInWords({ stopped }: Engagement): string | undefined {
  if (stopped?.all) return texts.allOff;
  const channels = (stopped?.channels ?? []).map(channelInWords);
  return channels.length > 0 ? texts.someOff(channels.join(` ${texts.and} `)) : undefined;
}

/** `here` where the page has the switch itself. */
export function Stopped({ here = false }: { here?: boolean }) {
  const { data } = useQuery(engagement);
  const words = data && offInWords(data);
  if (!words) return null;
  return (
    <Note kind="mind" role="status">
      {words} {!here && <Link to="/campaigns">{texts.toCampaigns}</Link>}
    </Note>
  );
}
