// The codes of the gate, in words for people who are no engineers.

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
