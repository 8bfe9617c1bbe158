// States and reasons of messages and campaigns in words.
import type { Run, State } from "../api/campaigns";
import type { MessageState } from "../api/messages";
import { texts } from "./texts";

export const STATES = Object.keys(texts.states) as MessageState[];
export const REASONS = Object.keys(texts.reasons);

export const stateInWords = (state: MessageState): string => texts.states[state];
export const stateMeans = (state: MessageState): string => texts.statesMean[state];

/** A reason of the closed list; one that is not known here, as the server says it. */
export const reasonInWords = (reason: string): string =>
  (texts.reasons as Record<string, string>)[reason] ?? reason.replaceAll("_", " ");

/** The gates, in the order in which they are asked. */
export const GATES = Object.keys(texts.gates);
export const gateInWords = (gate: string): string =>
  (texts.gates as Record<string, string>)[gate] ?? gate.replaceAll("_", " ");

export const campaignStateInWords = (state: State | Run["state"]): string => texts.campaignStates[state];

export const channelInWords = (channel: string): string =>
  (texts.channels as Record<string, string>)[channel] ?? channel;
