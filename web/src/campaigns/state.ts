// The state of a campaign's pages in the URL: the step of the wizard, the run that is looked at.
import { isLanguage } from "../content/shape";
import { isPersonId } from "../filters/who";

export const STEPS = ["who", "what", "when", "goal", "review"] as const;
export type Step = (typeof STEPS)[number];
export type WizardSearch = { step?: Step; language?: string; person?: string };

export function readWizard(search: Record<string, unknown>): WizardSearch {
  const step = STEPS.find((one) => one === search.step);
  const { language, person } = search;
  return {
    ...(step ? { step } : {}),
    ...(typeof language === "string" && isLanguage(language) ? { language } : {}),
    ...(typeof person === "string" && isPersonId(person) ? { person } : {}),
  };
}

export type CampaignSearch = { run?: string };

export function readCampaign(search: Record<string, unknown>): CampaignSearch {
  const { run } = search;
  return typeof run === "string" && run !== "" && run.length <= 200 ? { run } : {};
}
