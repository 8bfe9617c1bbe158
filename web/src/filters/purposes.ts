// Purposes of the policy in words.

const PURPOSES: Record<string, string> = {
  analytics: "Count and study what people do",
  personalisation: "Show people what fits them",
  "marketing:email": "Write by e-mail",
  "marketing:sms": "Write by SMS",
  "marketing:push": "Write by push message",
  "marketing:whatsapp": "Write by WhatsApp",
  "marketing:inapp": "Write inside the app",
};
/** A purpose that the publisher added has its own name alone. */
export const purposeInWords = (purpose: string): string | undefined => PURPOSES[purpose];
