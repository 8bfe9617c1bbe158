// The codes, classes and purposes of the gate, in words for people who are no engineers.
import type { DataClass } from "../api/names";

export const REFUSED: Record<string, string> = {
  no_consent: "The person has not allowed it",
  bad_record: "It is not an event or a profile as the SDKs send them",
  missing_identity: "It does not say whom it is about",
  bad_time: "Its time cannot be read",
  too_old: "It is older than the limit for the age of events",
  name_too_long: "A name in it is longer than 1,024 characters",
  value_too_long: "A value in it is longer than 1,024 characters",
  too_many_properties: "It has more than 256 properties",
  too_deep: "It has lists within lists, more than 8 deep",
};

export const STRIPPED: Record<string, string> = {
  unclassified: "Nobody has said yet what it tells about a person",
  class_not_allowed: "The person has allowed no use that needs this kind of data",
  looks_like_email: "It looks like an e-mail address in a property for something else",
  looks_like_phone: "It looks like a phone number in a property for something else",
  looks_like_card: "It looks like the number of a payment card",
  looks_like_aadhaar: "It looks like an Aadhaar number",
  looks_like_pan: "It looks like a PAN, the number of a taxpayer",
};

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

export const CLASSES: { value: DataClass; means: string }[] = [
  { value: "behaviour", means: "what somebody did: plan, item, page" },
  { value: "device", means: "make, model, system, screen" },
  { value: "location", means: "country, city, coordinates" },
  { value: "contact", means: "e-mail, phone, push token" },
  { value: "identity", means: "who somebody is: name, birthday, ids" },
  { value: "sensitive", means: "health, faith, politics, money troubles" },
];
