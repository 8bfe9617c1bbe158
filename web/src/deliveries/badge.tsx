// Where a message, a campaign or a run stands: a word with a mark beside, never a colour alone.
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconHelpCircle,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconUserQuestion,
} from "@tabler/icons-react";

import type { Run, State } from "../api/campaigns";
import type { MessageState } from "../api/messages";
import { campaignStateInWords, stateInWords, stateMeans } from "./words";

type Icon = typeof IconClock;
type Tone = "good" | "bad" | "live" | "mind" | "quiet";

const OF_MESSAGES: Record<MessageState, [Icon, Tone]> = {
  planned: [IconClock, "quiet"],
  handing_over: [IconCircleDashed, "live"],
  accepted: [IconCircleCheck, "good"],
  delivered: [IconCircleCheck, "good"],
  failed: [IconCircleX, "bad"],
  dropped: [IconPlayerStop, "quiet"],
  unknown: [IconHelpCircle, "mind"],
};

const OF_CAMPAIGNS: Record<State | Run["state"], [Icon, Tone]> = {
  draft: [IconPencil, "quiet"],
  waiting_for_approval: [IconUserQuestion, "mind"],
  scheduled: [IconClock, "quiet"],
  running: [IconPlayerPlay, "live"],
  paused: [IconPlayerPause, "mind"],
  stopped: [IconPlayerStop, "bad"],
  completed: [IconCircleCheck, "good"],
  finished: [IconCircleCheck, "good"],
  missed: [IconHelpCircle, "bad"],
};

function Badge({ icon: Icon, tone, words, title }: { icon: Icon; tone: Tone; words: string; title?: string }) {
  return (
    <span className="badge" data-tone={tone} title={title}>
      <Icon size={16} stroke={1.7} aria-hidden /> {words}
    </span>
  );
}

export function MessageBadge({ state }: { state: MessageState }) {
  const [icon, tone] = OF_MESSAGES[state];
  return <Badge icon={icon} tone={tone} words={stateInWords(state)} title={stateMeans(state)} />;
}

export function CampaignBadge({ state }: { state: State | Run["state"] }) {
  const [icon, tone] = OF_CAMPAIGNS[state];
  return <Badge icon={icon} tone={tone} words={campaignStateInWords(state)} />;
}
