// Classes of data, and what belongs to each.
import type { DataClass } from "../api/names";

export const CLASSES: { value: DataClass; means: string }[] = [
  { value: "behaviour", means: "what somebody did: plan, item, page" },
  { value: "device", means: "make, model, system, screen" },
  { value: "location", means: "country, city, coordinates" },
  { value: "contact", means: "e-mail, phone, push token" },
  { value: "identity", means: "who somebody is: name, birthday, ids" },
  { value: "sensitive", means: "health, faith, politics, money troubles" },
];
