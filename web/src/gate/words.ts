// The codes and classes of the gate in words.
import type { DataClass } from "../api/names";

export const REFUSED: Record<string, string> = {
  no_consent: "The person did not allow it",
  bad_record: "Not an event or profile as described",
  missing_identity: "Names nobody: neither identity nor guid",
  bad_time: "The time cannot be read",
  too_old: "Older than the limit for the age of events",
  name_too_long: "A name is longer than 1,024 characters",
  value_too_long: "A value is longer than 1,024 characters",
  too_many_properties: "More than 256 properties",
  too_deep: "Nested deeper than 8",
};

export const STRIPPED: Record<string, string> = {
  unclassified: "The property has no class yet",
  class_not_allowed: "No purpose in force allows its class",
  looks_like_email: "An e-mail address where none may be",
  looks_like_phone: "A phone number where none may be",
  looks_like_card: "A card number where none may be",
  looks_like_aadhaar: "An Aadhaar number where none may be",
  looks_like_pan: "A PAN where none may be",
};

export const CLASSES: { value: DataClass; label: string; means: string }[] = [
  { value: "behaviour", label: "behaviour", means: "what somebody did: plan, item, page" },
  { value: "device", label: "device", means: "make, model, system, screen" },
  { value: "location", label: "location", means: "country, city, coordinates" },
  { value: "contact", label: "contact", means: "e-mail, phone, push token" },
  { value: "identity", label: "identity", means: "who somebody is: name, birthday, ids" },
  { value: "sensitive", label: "sensitive", means: "health, faith, politics, money troubles" },
];
